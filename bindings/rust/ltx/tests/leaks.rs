//! Pipelines, jobs and clips come and go without growth: live bytes of the allocator after many cycles are those after a few.
//! `LTX_TEST_CYCLES` sets how many (1000).
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use ltx::{Models, Pipeline, Recipe, Request};

#[repr(C)]
struct Mallinfo2 {
    /// arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost
    numbers: [usize; 10],
}

extern "C" {
    fn mallinfo2() -> Mallinfo2;
}

/// Bytes that are allocated and not freed.
fn live_bytes() -> i64 {
    // SAFETY: reads the allocator's counters.
    let numbers = unsafe { mallinfo2() }.numbers;
    i64::try_from(numbers[7] + numbers[4]).expect("a size")
}

fn growth(cycles: usize, mut cycle: impl FnMut()) -> i64 {
    for _ in 0..cycles / 10 {
        cycle();
    }
    let before = live_bytes();
    for _ in 0..cycles {
        cycle();
    }
    live_bytes() - before
}

#[test]
fn handles_come_and_go() {
    let cycles = std::env::var("LTX_TEST_CYCLES").map_or(1000, |text| text.parse().expect("LTX_TEST_CYCLES"));
    let models = Models::root(std::env::var_os("LTX_TEST_MODELS").expect("LTX_TEST_MODELS"));
    let builder = Pipeline::builder(Recipe::Distilled).models(models);
    let request = Request::new("rain on a pasture").size(64, 64).num_frames(9);

    let grown = growth(cycles, || {
        let pipeline = builder.build().unwrap();
        drop(pipeline.info().unwrap());
        pipeline.resolve(&request).unwrap();
        pipeline.generate(&request.clone().size(1, 1)).unwrap_err();
    });
    println!("{cycles} pipelines: {grown} bytes");
    assert!(grown < 16 * cycles as i64, "{grown} bytes after {cycles} cycles");

    // Jobs that are cancelled by dropping, of a pipeline that stays.
    let pipeline = builder.build().unwrap();
    pipeline.generate(&request).unwrap();
    let grown = growth(cycles.div_ceil(20), || {
        let mut job = pipeline.start(&request).unwrap();
        job.cancel();
        job.wait().unwrap_err();
    });
    println!("{} cancelled jobs: {grown} bytes", cycles.div_ceil(20));
    assert!(grown < 1 << 20, "{grown} bytes");
}
