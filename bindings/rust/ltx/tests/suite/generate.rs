//! Clips: the same as from the command line, looked at without a copy, copied, saved, streamed.

use std::ops::ControlFlow;
use std::process::Command;

use ltx::{sys, Event, Output, PixelFormat, Request, Target};

use crate::{models, pipeline, request, scratch};

#[test]
fn latents_are_those_of_the_command_line() {
    let program = std::env::var_os("LTX_TEST_CLI").expect("LTX_TEST_CLI: the path of the command line `ltx`");
    let run = Command::new(program)
        .args([
            "--json",
            "generate",
            "--prompt",
            "rain on a pasture",
            "--width",
            "64",
            "--height",
            "64",
        ])
        .args(["--num-frames", "9", "--seed", "7", "--progress", "off", "--root"])
        .arg(models())
        .arg("--output")
        .arg(scratch("cli.mp4"))
        .output()
        .expect("the command line runs");
    let report: serde_json::Value = serde_json::from_slice(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&run.stderr)));
    let clip = pipeline().generate(&request()).unwrap();
    assert_eq!(
        report["stats"]["latent_sha256"],
        clip.stats().unwrap().latent_sha256.to_string()
    );
}

#[test]
fn a_clip_is_looked_at_without_a_copy() {
    let clip = pipeline().generate(&request()).unwrap();
    let video = clip.video().unwrap();
    assert_eq!((video.width, video.height, video.frame_count), (64, 64, 9));
    assert_eq!((video.pixel_format, video.frame_rate), (PixelFormat::Rgb8, Some(24.0)));
    assert_eq!(video.data().len(), 9 * 64 * 64 * 3);
    assert!(video.data().iter().any(|&byte| byte != video.data()[0]));
    let audio = clip.audio().unwrap();
    assert_eq!(audio.channels, 2);
    assert!(audio.sample_count > 0 && audio.channel(1).unwrap().iter().all(|sample| sample.abs() <= 1.0));

    // The addresses are the library's own.
    // SAFETY: the structs are initialised and the handle is the clip's.
    unsafe {
        let mut raw = std::mem::zeroed::<sys::ltx_video_buffer>();
        let address = (&mut raw as *mut sys::ltx_video_buffer).cast();
        assert_eq!(
            sys::ltx_init(sys::LTX_STRUCT_VIDEO_BUFFER, address, std::mem::size_of_val(&raw)),
            sys::LTX_OK
        );
        assert_eq!(sys::ltx_result_video(clip.as_ptr(), &mut raw), sys::LTX_OK);
        assert_eq!(video.data().as_ptr().cast(), raw.data.cast_const());
        let mut raw = std::mem::zeroed::<sys::ltx_audio_buffer>();
        let address = (&mut raw as *mut sys::ltx_audio_buffer).cast();
        assert_eq!(
            sys::ltx_init(sys::LTX_STRUCT_AUDIO_BUFFER, address, std::mem::size_of_val(&raw)),
            sys::LTX_OK
        );
        assert_eq!(sys::ltx_result_audio(clip.as_ptr(), &mut raw), sys::LTX_OK);
        assert_eq!(audio.data().as_ptr(), raw.data.cast_const());
    }
    let owned = clip.video().unwrap().into_owned();
    assert_ne!(owned.data().as_ptr(), video.data().as_ptr());
    assert_eq!(owned.data(), video.data());
    drop(video);
    drop(clip);
    assert_eq!(owned.frame(8).unwrap().len(), 64 * 64 * 3);
}

#[test]
fn frames_are_converted_and_copied() {
    let clip = pipeline().generate(&request()).unwrap();
    let video = clip.video().unwrap();
    let row = 64 * 4 + 16;
    let mut padded = vec![7u8; 2 * 64 * row];
    clip.copy_frames(
        3,
        2,
        Target::new(PixelFormat::Rgba8, &mut padded).with_strides(row as u64, 0),
    )
    .unwrap();
    for (index, frame) in padded.chunks(64 * row).enumerate() {
        let source = video.frame(3 + index).unwrap();
        for (row, source) in frame.chunks(row).zip(source.chunks(64 * 3)) {
            assert!(row[..64 * 4]
                .chunks(4)
                .zip(source.chunks(3))
                .all(|(to, from)| to[..3] == *from && to[3] == 255));
            assert!(row[64 * 4..].iter().all(|&byte| byte == 7)); // what is between the rows is not touched
        }
    }
    let mut floats = vec![-1.0f32; 64 * 64 * 3];
    clip.copy_frames(0, 1, Target::from_f32(&mut floats)).unwrap();
    let source = video.frame(0).unwrap();
    assert!(floats
        .iter()
        .zip(source)
        .all(|(float, &byte)| (float * 255.0 - f32::from(byte)).abs() <= 0.51));
    let error = clip.copy_frames(0, 2, Target::from_f32(&mut floats)).unwrap_err();
    assert_eq!(error.kind(), ltx::ErrorKind::InvalidArgument, "{error}");
}

#[test]
fn a_clip_is_saved_and_its_file_goes_in_again() {
    let pipeline = pipeline();
    let clip = pipeline.generate(&request()).unwrap();
    let (file, latents) = (scratch("saved.mp4"), scratch("saved.safetensors"));
    let mut phases = Vec::new();
    let output = Output::path(&file).video_crf(0).embed_metadata(false);
    clip.save_with(&output, |event| {
        if let Event::Progress(progress) = event {
            phases.extend(progress.phase);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(phases.contains(&ltx::Phase::Encode), "{phases:?}");
    assert!(std::fs::metadata(&file).unwrap().len() > 1000);
    clip.save(&latents).unwrap();
    assert!(std::fs::metadata(&latents).unwrap().len() > 128 * 4);

    // A frame of the clip, in memory, is the first image of the next.
    let video = clip.video().unwrap();
    let still = ltx::Frames::new(PixelFormat::Rgb8, 64, 64, video.frame(0).unwrap().to_vec());
    let image = ltx::Image::pixels(still).strength(0.9).crf(0);
    let next = pipeline.generate(&request().image(image)).unwrap();
    assert_ne!(next.stats().unwrap().latent_sha256, clip.stats().unwrap().latent_sha256);
}

#[test]
fn streamed_frames_and_samples_are_those_of_the_clip() {
    let pipeline = pipeline();
    let clip = pipeline.generate(&request()).unwrap();
    let (mut frames, mut samples) = (Vec::new(), vec![Vec::new(); 2]);
    let streamed = pipeline
        .generate_with(&request().output(Output::stream()), |event| {
            match event {
                Event::Frames(chunk) => frames.extend_from_slice(chunk.data()),
                Event::Audio(chunk) => {
                    for (index, channel) in samples.iter_mut().enumerate() {
                        channel.extend_from_slice(chunk.channel(index).expect("a channel"));
                    }
                }
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(frames, clip.video().unwrap().data());
    let audio = clip.audio().unwrap();
    assert_eq!(samples[0], audio.channel(0).unwrap());
    assert_eq!(samples[1], audio.channel(1).unwrap());
    assert_eq!(streamed.video().unwrap_err().kind(), ltx::ErrorKind::Unsupported);
    // nothing was kept
}

#[test]
fn a_resolved_request_and_encoded_text_give_the_same_clip() {
    let pipeline = pipeline();
    let digest = |request: &Request| pipeline.generate(request).unwrap().stats().unwrap().latent_sha256;
    let first = digest(&request());
    let resolved = pipeline.resolve(&request()).unwrap();
    assert_eq!(
        (resolved.width, resolved.seed, resolved.frame_rate),
        (Some(64), Some(7), Some(24.0))
    );
    assert_eq!(resolved.stage_1_sigmas.as_ref().map(Vec::len), Some(9));
    assert_eq!(digest(&resolved), first);

    let embeddings = scratch("text.safetensors");
    pipeline.encode_text(&request(), &embeddings).unwrap();
    let mut encoded = request().text_embeddings(&embeddings);
    encoded.prompt = None;
    assert_eq!(digest(&encoded), first);
    assert_ne!(digest(&request().seed(8)), first);
}
