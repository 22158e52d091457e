//! Eight threads on pipelines of their own, and on one.

use std::sync::Barrier;

use ltx::{ErrorKind, MemoryMode};

use crate::{builder, pipeline, request};

const THREADS: usize = 8;

#[test]
fn eight_threads_on_eight_pipelines() {
    let alone = pipeline().generate(&request()).unwrap().stats().unwrap().latent_sha256;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS)
            .map(|index| {
                scope.spawn(move || {
                    let mode = [MemoryMode::Persistent, MemoryMode::Cold][index % 2];
                    let pipeline = builder().memory_mode(mode).build().unwrap();
                    pipeline.generate(&request()).unwrap().stats().unwrap().latent_sha256
                })
            })
            .collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), alone);
        }
    });
}

#[test]
fn eight_threads_on_one_pipeline() {
    let pipeline = pipeline();
    let barrier = Barrier::new(THREADS);
    let kinds: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    pipeline.resolve(&request()).unwrap();
                    let result = pipeline.start(&request());
                    barrier.wait(); // no job ends before all have asked
                    result
                        .map(|job| drop(job.finish().unwrap()))
                        .map_err(|error| error.kind())
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(kinds.iter().filter(|kind| kind.is_ok()).count(), 1, "{kinds:?}");
    assert_eq!(
        kinds.iter().filter(|kind| **kind == Err(ErrorKind::Busy)).count(),
        THREADS - 1,
        "{kinds:?}"
    );
}
