//! Failures carry their kind, the code of the header and a message that names the member.

use ltx::{sys, ErrorKind, Image, Lora, Models, Pipeline, Recipe, Request, VideoRole};

use crate::{builder, pipeline, request, scratch};

#[test]
fn arguments() {
    let pipeline = pipeline();
    let error = pipeline.generate(&request().size(65, 64)).unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::InvalidArgument, sys::LTX_E_INVALID_ARGUMENT)
    );
    assert!(
        error.message().contains("width") && error.message().contains("65"),
        "{error}"
    );
    assert_eq!(error.to_string(), error.message());

    let error = pipeline.generate(&Request::default()).unwrap_err();
    assert!(error.message().contains("prompt"), "{error}");
    let error = pipeline.start(&request().attention_strength(0.5)).unwrap_err();
    assert!(error.message().contains("attention_strength"), "{error}");
    let error = pipeline
        .resolve(&request().image(Image::path("a.png").strength(2.0)))
        .unwrap_err();
    assert!(error.message().contains("strength"), "{error}");
}

#[test]
fn texts_that_c_cannot_hold() {
    let pipeline = pipeline();
    let error = pipeline.generate(&Request::new("rain\0snow")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().contains("request.prompt") && error.message().contains("byte 4"),
        "{error}"
    );
    let error = pipeline.encode_text(&request(), "a\0b").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);

    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"models-\xff");
        let error = Pipeline::builder(Recipe::Distilled)
            .models(Models::root(name))
            .build()
            .unwrap_err();
        assert!(
            error.message().contains("models.root") && error.message().contains("UTF-8"),
            "{error}"
        );
    }
}

#[test]
fn files() {
    let error = ltx::inspect(scratch("nowhere")).unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::File, sys::LTX_E_FILE_NOT_FOUND),
        "{error}"
    );
    let file = scratch("damaged.safetensors");
    std::fs::write(&file, [255u8; 64]).unwrap();
    let error = ltx::inspect(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    assert!(error.message().contains("damaged.safetensors"), "{error}");
    let error = builder()
        .lora(Lora::path(&file))
        .build()
        .and_then(|pipeline| pipeline.generate(&request()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    let error = pipeline()
        .generate(&request().output(ltx::Output::path(file.join("clip.mp4"))))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
}

#[test]
fn models_and_features() {
    let empty = scratch("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let error = Pipeline::builder(Recipe::Distilled)
        .models(Models::root(&empty))
        .build()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Model, sys::LTX_E_COMPONENT_MISSING),
        "{error}"
    );
    let error = Pipeline::builder(Recipe::Dfr)
        .models(Models::root(crate::models()))
        .build()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unsupported, sys::LTX_E_NOT_BUILT),
        "{error}"
    );
    let video = ltx::Video::path(VideoRole::Reference, "a.mp4");
    let error = pipeline().generate(&request().video(video)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
}

#[test]
fn a_stale_handle_is_a_status() {
    let pipeline = pipeline();
    let token = pipeline.as_ptr();
    drop(pipeline);
    // SAFETY: the library tells stale handles apart.
    unsafe {
        assert_eq!(
            sys::ltx_pipeline_evict(token, sys::LTX_COMPONENT_ALL),
            sys::LTX_E_INVALID_HANDLE
        );
        sys::ltx_free(token.cast());
    }
}
