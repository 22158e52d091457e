//! A call that runs on the library's thread, and is asked for its events.

use std::marker::PhantomData;
use std::time::Duration;

use ltx_sys as sys;

use crate::clip::Clip;
use crate::error::{check, text, Error, Result};
use crate::event::{Event, Progress};
use crate::ffi::{init, Handle};

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Clip {}
    impl Sealed for () {}
}

/// What a finished job has made: a [`Clip`], or nothing.
pub trait Outcome: sealed::Sealed + Sized {
    #[doc(hidden)]
    fn of(job: &Job<Self>) -> Result<Self>;
}

impl Outcome for Clip {
    fn of(job: &Job<Self>) -> Result<Self> {
        // SAFETY: the handle is a job's.
        Handle::make(|out| unsafe { sys::ltx_job_result(job.handle.get(), out) }).map(Clip::new)
    }
}

impl Outcome for () {
    fn of(job: &Job<Self>) -> Result<()> {
        job.status().unwrap_or_else(|| {
            Err(Error::new(
                sys::LTX_E_NOT_READY,
                "the job still runs. Wait for its last event.",
            ))
        })
    }
}

/// A call on the library's thread. Nothing of the program runs there: the job is asked for its events, by iteration (which
/// waits and copies) or with [`Job::next_event`] (which can poll, and borrows). Dropping a job cancels it without waiting.
///
/// ```
/// # use ltx::{Event, Models, Pipeline, Recipe, Request};
/// # fn main() -> ltx::Result<()> {
/// # let models = std::env::var("LTX_TEST_MODELS").expect("LTX_TEST_MODELS");
/// # let pipeline = Pipeline::builder(Recipe::Distilled).models(Models::root(models)).build()?;
/// # let request = Request::new("rain on a pasture").size(64, 64).num_frames(9);
/// let mut job = pipeline.start(&request)?;
/// for event in &mut job {
///     if let Event::Progress(progress) = event {
///         println!("{:.0} %", 100.0 * progress.fraction);
///     }
/// }
/// let clip = job.finish()?;
/// # assert_eq!(clip.stats()?.num_frames, 9);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Job<T = Clip> {
    handle: Handle<sys::ltx_job>,
    ended: bool,
    outcome: PhantomData<fn() -> T>,
}

impl<T> Job<T> {
    pub(crate) fn new(handle: Handle<sys::ltx_job>) -> Self {
        Self {
            handle,
            ended: false,
            outcome: PhantomData,
        }
    }

    /// The next event within `timeout`: zero polls, as a game loop would once per tick; `None` waits without limit. The last
    /// one is [`Event::Finished`]. `Ok(None)`: nothing arrived in time, or there is nothing more.
    ///
    /// # Errors
    /// None that a program can prevent.
    pub fn next_event(&mut self, timeout: Option<Duration>) -> Result<Option<Event<'_>>> {
        let mut raw = init::<sys::ltx_event>()?;
        // SAFETY: the handle is a job's; `&mut self` makes this its one consumer.
        match unsafe { sys::ltx_job_next_event(self.handle.get(), milliseconds(timeout), &mut raw) } {
            sys::LTX_E_TIMEOUT => return Ok(None),
            status => check(status)?,
        }
        self.ended |= raw.type_ == sys::LTX_EVENT_FINISHED;
        // SAFETY: what the event points to lives until the next call on this job, which needs `&mut self` again.
        Ok(Some(unsafe { Event::from_raw(&raw) }))
    }

    /// Waits for the end and discards events.
    ///
    /// # Errors
    /// What the job ended with.
    pub fn wait(&mut self) -> Result<()> {
        // SAFETY: as above.
        check(unsafe { sys::ltx_job_wait(self.handle.get(), -1) })
    }

    /// The same for a limited time; `false` if the job still runs.
    ///
    /// # Errors
    /// What the job ended with.
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<bool> {
        // SAFETY: as above.
        match unsafe { sys::ltx_job_wait(self.handle.get(), milliseconds(Some(timeout))) } {
            sys::LTX_E_TIMEOUT => Ok(false),
            status => check(status).map(|()| true),
        }
    }

    /// The latest progress; consumes no event.
    ///
    /// # Errors
    /// None that a program can prevent.
    pub fn progress(&self) -> Result<Progress> {
        let mut raw = init::<sys::ltx_progress>()?;
        // SAFETY: the handle is a job's.
        check(unsafe { sys::ltx_job_progress(self.handle.get(), &mut raw) })?;
        Ok(Progress::from_raw(&raw))
    }

    /// What the job ended with; `None` while it runs.
    pub fn status(&self) -> Option<Result<()>> {
        // SAFETY: the handle is a job's; the message is the job's.
        unsafe {
            match sys::ltx_job_status(self.handle.get()) {
                sys::LTX_E_NOT_READY => None,
                sys::LTX_OK => Some(Ok(())),
                status => Some(Err(Error::new(status, text(sys::ltx_job_error(self.handle.get()))))),
            }
        }
    }

    /// Asks the job to end; it does within one block of the transformer, one tile or one frame.
    pub fn cancel(&self) {
        self.cancel_handle().cancel();
    }

    /// A handle for other threads that can only cancel.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle { job: self.handle.get() }
    }

    /// The handle for calls of [`sys`](crate::sys); it stays the job's.
    pub fn as_ptr(&self) -> *mut sys::ltx_job {
        self.handle.get()
    }
}

impl<T: Outcome> Job<T> {
    /// Waits for the end: what the job has made.
    ///
    /// # Errors
    /// What the job ended with.
    pub fn finish(mut self) -> Result<T> {
        self.wait()?;
        T::of(&self)
    }
}

/// Waits for events; [`Event::Finished`] is the last. Frames and samples are copied.
impl<T> Iterator for Job<T> {
    type Item = Event<'static>;

    fn next(&mut self) -> Option<Event<'static>> {
        if self.ended {
            return None;
        }
        self.next_event(None).ok().flatten().map(Event::into_owned)
    }
}

impl<T> std::iter::FusedIterator for Job<T> {}

/// Cancels a job from any thread. It does not keep the job alive, and does nothing when that is gone.
#[derive(Debug, Clone, Copy)]
pub struct CancelHandle {
    job: *mut sys::ltx_job,
}

// SAFETY: the pointer is a token that the library looks up; a stale one is told apart.
unsafe impl Send for CancelHandle {}
// SAFETY: the same.
unsafe impl Sync for CancelHandle {}

impl CancelHandle {
    /// Asks the job to end.
    pub fn cancel(&self) {
        // SAFETY: any thread may, at any time; the only failure is a job that is gone.
        unsafe { sys::ltx_job_cancel(self.job) };
    }
}

fn milliseconds(timeout: Option<Duration>) -> i32 {
    timeout.map_or(-1, |timeout| i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX))
}
