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

/// Growth over so many cycles, after some that fill caches. `settle` brings memory to a state that can be compared.
fn growth(warm_up: usize, cycles: usize, mut cycle: impl FnMut(), settle: impl Fn()) -> i64 {
    (0..warm_up).for_each(|_| cycle());
    settle();
    let before = live_bytes();
    (0..cycles).for_each(|_| cycle());
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
    let grown = growth(cycles / 10, cycles, cycle, || {});
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
    // LibTorch's caches flutter by 60 kB from clip to clip; the frames of each are 110 kB.
    let (clips, jobs) = (cycles.div_ceil(200), cycles.div_ceil(20));
    let cycle = || drop(pipeline.generate(&request).unwrap());
    let grown = growth(3, clips, cycle, settle);
    println!("{clips} clips: {grown} bytes");
    assert!(grown < 256 << 10, "{grown} bytes after {clips} clips");
    let cycle = || {
        let mut job = pipeline.start(&request).unwrap();
        job.cancel();
        job.wait().unwrap_err();
    };
    let grown = growth(3, jobs, cycle, settle);
    println!("{jobs} cancelled jobs: {grown} bytes");
    assert!(grown < 256 << 10, "{grown} bytes after {jobs} jobs");
}
