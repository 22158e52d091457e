//! Eight threads on pipelines of their own, and on one.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    let (barrier, refused) = (Barrier::new(THREADS), AtomicUsize::new(0));
    let call = || {
        barrier.wait();
        pipeline.resolve(&request()).unwrap();
        let result = pipeline.generate_with(&request(), |_| {
            while refused.load(Ordering::SeqCst) < THREADS - 1 {
                std::thread::yield_now(); // the one call that runs ends after all others have asked
            }
            ControlFlow::Continue(())
        });
        result.map(drop).map_err(|error| {
            refused.fetch_add(1, Ordering::SeqCst);
            error.kind()
        })
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(
        results.iter().filter(|result| **result == Err(ErrorKind::Busy)).count(),
        THREADS - 1,
        "{results:?}"
    );
}
