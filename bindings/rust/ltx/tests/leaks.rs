//! Pipelines, jobs and clips come and go without growth: live bytes of the allocator late in a long run are those of its middle.
//! `LTX_TEST_CYCLES` sets how many (1000).
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::time::Duration;

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

/// Bytes that stay. A thread of the library may outlive its call by a moment, and what it keeps for itself goes with it.
fn settled_bytes() -> i64 {
    let mut live = live_bytes();
    let mut calm = 0;
    for _ in 0..400 {
        std::thread::sleep(Duration::from_millis(5));
        let now = live_bytes();
        calm = if now < live { 0 } else { calm + 1 };
        live = live.min(now);
        if calm == 6 {
            break;
        }
    }
    live
}

fn median(mut values: Vec<i64>) -> i64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Bytes per cycle that the last third of them left beyond the middle one; the first fills caches. Medians, because single
/// values flutter with what LibTorch's caches hold. `settle` brings memory to a state that can be compared.
fn growth(what: &str, cycles: usize, mut cycle: impl FnMut(), settle: impl Fn()) -> i64 {
    let third = cycles.div_ceil(3);
    let live: Vec<i64> = (0..3 * third)
        .map(|_| {
            cycle();
            settle();
            settled_bytes()
        })
        .collect();
    let (middle, last) = (&live[third..2 * third], &live[2 * third..]);
    let spread = last.iter().max().expect("cycles") - last.iter().min().expect("cycles");
    let grown = (median(last.to_vec()) - median(middle.to_vec())) / third as i64;
    println!(
        "{} {what}: {grown} bytes each; the last third spreads over {spread}",
        3 * third
    );
    grown
}

#[test]
fn handles_come_and_go() {
    let cycles = std::env::var("LTX_TEST_CYCLES").map_or(1000, |text| text.parse().expect("LTX_TEST_CYCLES"));
    let models = Models::root(std::env::var_os("LTX_TEST_MODELS").expect("LTX_TEST_MODELS"));
    let builder = Pipeline::builder(Recipe::Distilled).models(models);
    let request = Request::new("rain on a pasture")
        .size(64, 64)
        .num_frames(9)
        .stage_1_sigmas([1.0, 0.5, 0.0])
        .stage_2_sigmas([0.9, 0.0]);

    // Nothing runs here, so that nothing flutters: what each leaves is counted to the byte.
    let cycle = || {
        let pipeline = builder.build().unwrap();
        drop(pipeline.resolve(&request).unwrap());
        pipeline.generate(&request.clone().size(1, 1)).unwrap_err();
    };
    (0..cycles / 10).for_each(|_| cycle());
    let before = settled_bytes();
    (0..cycles).for_each(|_| cycle());
    let grown = settled_bytes() - before;
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
    let clips = growth(
        "clips",
        30.max(cycles / 50),
        || drop(pipeline.generate(&request).unwrap()),
        settle,
    );
    let frames = 9 * 64 * 64 * 3;
    assert!(
        clips < frames / 4,
        "each clip left {clips} bytes; its frames are {frames}"
    );
    let jobs = growth(
        "cancelled jobs",
        60.max(cycles / 20),
        || {
            let mut job = pipeline.start(&request).unwrap();
            job.cancel();
            job.wait().unwrap_err();
        },
        settle,
    );
    assert!(jobs < 4 << 10, "each cancelled job left {jobs} bytes");
}
