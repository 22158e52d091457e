//! What the safe crate costs beside the C functions, in one run: `cargo bench -p ltx` prints one JSON object per line.
//!
//! `resolve` copies a request both ways and runs nothing, `generate` makes the smallest clip of the tiny model and looks at its
//! frames. Calls alternate; times are medians, and the overhead is the median difference per call. With `LTX_BENCH_TOY` the
//! library is the toy of the tests, which computes next to nothing, and `generate` is called often.

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::time::Instant;

use ltx::{sys, Models, Pipeline, Recipe, Request};

/// Initialised by the library.
fn init<T>(number: sys::ltx_struct) -> T {
    let mut object = MaybeUninit::<T>::uninit();
    // SAFETY: writes the struct, or fails.
    unsafe {
        assert_eq!(
            sys::ltx_init(number, object.as_mut_ptr().cast(), std::mem::size_of::<T>()),
            sys::LTX_OK
        );
        object.assume_init()
    }
}

fn seconds(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(name: &str, pairs: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
    ours();
    theirs();
    let times: Vec<(f64, f64)> = (0..pairs).map(|_| (seconds(&mut ours), seconds(&mut theirs))).collect();
    println!(
        "{{\"bench\": \"rust-{name}\", \"seconds\": {:.7}, \"reference\": \"the same through the C functions\", \
         \"reference_seconds\": {:.7}, \"ratio\": {:.3}, \
         \"overhead_ms\": {:.4}, \"target_ms\": 1}}",
        median(times.iter().map(|pair| pair.0).collect()),
        median(times.iter().map(|pair| pair.1).collect()),
        median(times.iter().map(|pair| pair.0 / pair.1).collect()),
        1e3 * median(times.iter().map(|pair| pair.0 - pair.1).collect())
    );
}

fn main() {
    let models = Models::root(std::env::var_os("LTX_TEST_MODELS").expect("LTX_TEST_MODELS"));
    let pipeline = Pipeline::builder(Recipe::Distilled)
        .models(models)
        .build()
        .expect("a pipeline");
    let toy = std::env::var_os("LTX_BENCH_TOY").is_some();
    // A prompt is the toy's script.
    let prompt = c"logs=0 steps=1 chunks=1";
    let request = Request::new(prompt.to_str().expect("ASCII")).size(64, 64).num_frames(9);
    let mut raw = init::<sys::ltx_request>(sys::LTX_STRUCT_REQUEST);
    (raw.width, raw.height, raw.num_frames) = (64, 64, 9);
    raw.prompt = prompt.as_ptr();

    let name = |call: &str| format!("{call}{}", if toy { "-toy" } else { "" });
    compare(
        &name("resolve"),
        2001,
        || drop(black_box(pipeline.resolve(&request).expect("a request"))),
        || {
            let mut out = init::<sys::ltx_request>(sys::LTX_STRUCT_REQUEST);
            // SAFETY: both structs are initialised.
            assert_eq!(
                unsafe { sys::ltx_pipeline_resolve(pipeline.as_ptr(), &raw, &mut out) },
                sys::LTX_OK
            );
            black_box(out.width);
        },
    );
    compare(
        &name("generate"),
        if toy { 2001 } else { 9 },
        || {
            let clip = pipeline.generate(&request).expect("a clip");
            black_box(clip.video().expect("frames").data()[0]);
        },
        || {
            let mut result = std::ptr::null_mut();
            let mut video = init::<sys::ltx_video_buffer>(sys::LTX_STRUCT_VIDEO_BUFFER);
            // SAFETY: the structs are initialised; the frames are looked at before the result is freed.
            unsafe {
                let status = sys::ltx_generate(pipeline.as_ptr(), &raw, None, std::ptr::null_mut(), &mut result);
                assert_eq!(status, sys::LTX_OK);
                assert_eq!(sys::ltx_result_video(result, &mut video), sys::LTX_OK);
                black_box(*video.data.cast::<u8>());
                sys::ltx_free(result.cast());
            }
        },
    );
}
