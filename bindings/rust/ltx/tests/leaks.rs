//! Pipelines, jobs and clips come and go without growth: live bytes of the allocator after many cycles are those after a few.
//! `LTX_TEST_CYCLES` sets how many (1000).
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use ltx::{Component, ErrorKind, Models, Pipeline, Recipe, Request};

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

/// Growth over `cycles` cycles, after a few that fill caches. `settle` brings memory to a state that can be compared.
fn growth(cycles: usize, mut cycle: impl FnMut(), settle: impl Fn()) -> i64 {
    for _ in 0..cycles.div_ceil(10) {
        cycle();
    }
    settle();
    let before = live_bytes();
    for _ in 0..cycles {
        cycle();
    }
    settle();
    live_bytes() - before
}

#[test]
fn handles_come_and_go() {
    let cycles = std::env::var("LTX_TEST_CYCLES").map_or(1000, |text| text.parse().expect("LTX_TEST_CYCLES"));
    let models = Models::root(std::env::var_os("LTX_TEST_MODELS").expect("LTX_TEST_MODELS"));
    let builder = Pipeline::builder(Recipe::Distilled).models(models);
    let request = Request::new("rain on a pasture").size(64, 64).num_frames(9);

    let cycle = || {
        let pipeline = builder.build().unwrap();
        drop(pipeline.resolve(&request).unwrap());
        pipeline.generate(&request.clone().size(1, 1)).unwrap_err();
    };
    let grown = growth(cycles, cycle, || {});
    println!("{cycles} pipelines: {grown} bytes");
    assert!(grown < 16 * cycles as i64, "{grown} bytes after {cycles} cycles");

    // Clips, and jobs that are cancelled, of a pipeline that stays.
    let pipeline = builder.build().unwrap();
    let settle = || {
        while pipeline
            .evict(Component::All)
            .is_err_and(|error| error.kind() == ErrorKind::Busy)
        {
            std::thread::yield_now(); // a cancelled job is just ending
        }
    };
    let runs = cycles.div_ceil(200);
    let cycle = || {
        drop(pipeline.generate(&request).unwrap());
        for _ in 0..5 {
            let mut job = pipeline.start(&request).unwrap();
            job.cancel();
            job.wait().unwrap_err();
        }
    };
    let grown = growth(runs, cycle, settle);
    println!("{runs} clips and {} cancelled jobs: {grown} bytes", 5 * runs);
    assert!(grown < 64 << 10, "{grown} bytes after {runs} runs");
}
