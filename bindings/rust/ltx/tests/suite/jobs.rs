//! Jobs and handlers: events, polling, cancelling, panics.

use std::ops::ControlFlow;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::{Duration, Instant};

use ltx::{Component, ErrorKind, Event, Phase};

use crate::{pipeline, request};

#[test]
fn a_job_is_iterated() {
    let pipeline = pipeline();
    let mut job = pipeline.start(&request()).unwrap();
    let (mut fraction, mut phases, mut ends) = (0.0, Vec::new(), 0);
    for event in &mut job {
        assert_eq!(ends, 0, "nothing comes after the end");
        match event {
            Event::Progress(progress) => {
                assert!(progress.fraction >= fraction);
                fraction = progress.fraction;
                phases.extend(progress.phase);
            }
            Event::Finished(result) => {
                result.unwrap();
                ends += 1;
            }
            _ => {}
        }
    }
    assert_eq!((ends, fraction), (1, 1.0));
    assert!(
        [Phase::Text, Phase::Denoise, Phase::Decode]
            .iter()
            .all(|phase| phases.contains(phase)),
        "{phases:?}"
    );
    assert!(job.next().is_none());
    assert_eq!(job.status(), Some(Ok(())));
    assert_eq!(job.progress().unwrap().fraction, 1.0);
    let clip = job.finish().unwrap();
    assert_eq!(clip.stats().unwrap().num_frames, 9);
}

#[test]
fn a_job_is_polled_and_keeps_its_pipeline_alive() {
    let pipeline = pipeline();
    let mut job = pipeline.start(&request()).unwrap();
    drop(pipeline);
    let (mut ticks, mut finished) = (0, false);
    while !finished {
        while let Some(event) = job.next_event(Some(Duration::ZERO)).unwrap() {
            finished |= matches!(event, Event::Finished(_));
        }
        ticks += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(ticks > 1);
    assert!(job.next_event(None).unwrap().is_none()); // nothing more, at once
    job.wait().unwrap();
    job.finish().unwrap();
}

#[test]
fn a_busy_pipeline_refuses_a_second_call() {
    let pipeline = pipeline();
    let job = pipeline.start(&request()).unwrap();
    assert_eq!(pipeline.generate(&request()).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(pipeline.evict(Component::All).unwrap_err().kind(), ErrorKind::Busy);
    pipeline.resolve(&request()).unwrap(); // reports run beside it
    assert!(job.status().is_none());
    job.finish().unwrap();
    pipeline.generate(&request()).unwrap();
}

#[test]
fn jobs_are_cancelled_from_another_thread_and_by_dropping() {
    let pipeline = pipeline();
    let mut job = pipeline.start(&request()).unwrap();
    let handle = job.cancel_handle();
    std::thread::spawn(move || handle.cancel()).join().unwrap();
    assert_eq!(job.wait().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(job.status().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    let last = job.by_ref().last();
    assert!(last.is_none() || matches!(last, Some(Event::Finished(Err(_)))));
    assert_eq!(job.finish().unwrap_err().kind(), ErrorKind::Cancelled);
    handle.cancel(); // the job is gone; nothing happens

    drop(pipeline.start(&request()).unwrap());
    let start = Instant::now();
    let clip = loop {
        match pipeline.generate(&request()) {
            Err(error) if error.kind() == ErrorKind::Busy && start.elapsed() < Duration::from_secs(60) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => break other.unwrap(),
        }
    };
    assert_eq!(clip.stats().unwrap().num_frames, 9);
}

#[test]
fn a_handler_cancels() {
    let pipeline = pipeline();
    let thread = std::thread::current().id();
    let mut after = 0;
    let error = pipeline
        .generate_with(&request(), |event| {
            assert_eq!(std::thread::current().id(), thread);
            match event {
                Event::Progress(progress) if progress.phase == Some(Phase::Denoise) => {
                    after += 1;
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(after, 1);
    pipeline.generate(&request()).unwrap();
}

#[test]
fn a_panic_in_a_handler_cancels_and_goes_on() {
    let pipeline = pipeline();
    let mut calls = 0;
    let panic = catch_unwind(AssertUnwindSafe(|| {
        pipeline.generate_with(&request(), |event| {
            calls += 1;
            if matches!(event, Event::Progress(progress) if progress.phase == Some(Phase::Denoise)) {
                panic!("the handler fell");
            }
            ControlFlow::Continue(())
        })
    }))
    .unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the handler fell"));
    let at_panic = calls;
    pipeline.generate(&request()).unwrap(); // usable at once: the call had ended before the panic went on
    assert_eq!(calls, at_panic);
}

#[test]
fn a_call_out_of_a_handler_is_refused() {
    let pipeline = pipeline();
    let mut kinds = Vec::new();
    pipeline
        .generate_with(&request(), |event| {
            if matches!(event, Event::Progress(_)) && kinds.is_empty() {
                kinds.push(pipeline.generate(&request()).unwrap_err().kind());
                pipeline.resolve(&request()).unwrap();
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(kinds, [ErrorKind::Reentrant]);
}

#[test]
fn loading_is_a_job_too() {
    let pipeline = pipeline();
    pipeline
        .preload_start(Component::TextEncoder)
        .unwrap()
        .finish()
        .unwrap();
    assert!(pipeline.component(Component::TextEncoder).unwrap().host_bytes > 0);
}
