//! What a running call tells.

use std::borrow::Cow;
use std::ffi::{c_char, CStr};

use ltx_sys as sys;

use crate::buffers::{Frames, Samples};
use crate::enums::{LogLevel, Phase};
use crate::error::{text, Error};

/// Where a call is. Stages and steps count from 1; 0 is "not counted here".
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is counted; `None` if the library has phases that this crate does not know.
    pub phase: Option<Phase>,
    /// The current stage.
    pub stage: i32,
    /// Stages of the recipe.
    pub stage_count: i32,
    /// The current step of the phase.
    pub step: i32,
    /// Steps of the phase.
    pub step_count: i32,
    /// Of the whole call, 0 to 1; never decreases.
    pub fraction: f64,
    /// Seconds since the call began.
    pub elapsed_seconds: f64,
    /// Seconds until it ends, where that can be told.
    pub remaining_seconds: Option<f64>,
    /// Noise level of the step.
    pub sigma: f64,
    /// Bytes of a load that are read.
    pub bytes_done: u64,
    /// Bytes of a load.
    pub bytes_total: u64,
    /// Device memory in use.
    pub device_bytes: u64,
    /// Host memory in use.
    pub host_bytes: u64,
}

impl Progress {
    pub(crate) fn from_raw(raw: &sys::ltx_progress) -> Self {
        let &sys::ltx_progress {
            struct_size: _,
            phase,
            stage,
            stage_count,
            step,
            step_count,
            fraction,
            elapsed_seconds,
            remaining_seconds,
            sigma,
            bytes_done,
            bytes_total,
            device_bytes,
            host_bytes,
        } = raw;
        Self {
            phase: Phase::try_from(phase).ok(),
            stage,
            stage_count,
            step,
            step_count,
            fraction,
            elapsed_seconds,
            remaining_seconds: (remaining_seconds >= 0.0).then_some(remaining_seconds),
            sigma,
            bytes_done,
            bytes_total,
            device_bytes,
            host_bytes,
        }
    }
}

/// One event of a running call. Its texts and pixels are the library's until the handler returns, or until the next event of
/// the job; [`Event::into_owned`] copies them.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// The call has come further.
    Progress(Progress),
    /// A message of the library.
    #[non_exhaustive]
    Log {
        /// How loud.
        level: LogLevel,
        /// The part of the library that speaks.
        source: Cow<'a, str>,
        /// What it says.
        message: Cow<'a, str>,
        /// Lines lost so far because nobody read them.
        dropped: u64,
    },
    /// A look at what is being made.
    Preview(Frames<'a>),
    /// The next frames of the clip, with [`Output::stream_frames`](crate::Output::stream_frames).
    Frames(Frames<'a>),
    /// The next samples of the sound, likewise.
    Audio(Samples<'a>),
    /// The end: always the last event.
    Finished(Result<(), Error>),
    /// An event that this crate does not know; ignore it.
    #[non_exhaustive]
    Unknown {
        /// The header's number of its type.
        kind: i32,
    },
}

impl<'a> Event<'a> {
    /// # Safety
    /// What the event points to must live for `'a`; the struct itself need not.
    pub(crate) unsafe fn from_raw(raw: &sys::ltx_event) -> Self {
        let &sys::ltx_event {
            struct_size: _,
            type_,
            status,
            log_level,
            progress,
            message,
            source,
            video,
            audio,
            dropped_logs,
        } = raw;
        // SAFETY: pointers are NULL or valid for 'a.
        let known = unsafe {
            match type_ {
                sys::LTX_EVENT_PROGRESS => progress.as_ref().map(|raw| Self::Progress(Progress::from_raw(raw))),
                sys::LTX_EVENT_LOG => LogLevel::try_from(log_level).ok().map(|level| Self::Log {
                    level,
                    source: borrowed(source),
                    message: borrowed(message),
                    dropped: dropped_logs,
                }),
                sys::LTX_EVENT_PREVIEW => video
                    .as_ref()
                    .and_then(|raw| Frames::from_raw(raw).ok())
                    .map(Self::Preview),
                sys::LTX_EVENT_FRAMES => video
                    .as_ref()
                    .and_then(|raw| Frames::from_raw(raw).ok())
                    .map(Self::Frames),
                sys::LTX_EVENT_AUDIO => audio.as_ref().map(|raw| Self::Audio(Samples::from_raw(raw))),
                sys::LTX_EVENT_FINISHED => Some(Self::Finished(if status == sys::LTX_OK {
                    Ok(())
                } else {
                    Err(Error::new(status, text(message)))
                })),
                _ => None,
            }
        };
        known.unwrap_or(Self::Unknown { kind: type_ })
    }

    /// The event with copies of its texts and pixels.
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Progress(progress) => Event::Progress(progress),
            Self::Log {
                level,
                source,
                message,
                dropped,
            } => Event::Log {
                level,
                source: source.into_owned().into(),
                message: message.into_owned().into(),
                dropped,
            },
            Self::Preview(frames) => Event::Preview(frames.into_owned()),
            Self::Frames(frames) => Event::Frames(frames.into_owned()),
            Self::Audio(samples) => Event::Audio(samples.into_owned()),
            Self::Finished(result) => Event::Finished(result),
            Self::Unknown { kind } => Event::Unknown { kind },
        }
    }
}

/// # Safety
/// NULL, or NUL-terminated and alive for `'a`.
unsafe fn borrowed<'a>(address: *const c_char) -> Cow<'a, str> {
    if address.is_null() {
        return Cow::Borrowed("");
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(address) }.to_string_lossy()
}
