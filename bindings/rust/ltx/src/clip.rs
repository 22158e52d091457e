//! What a generation made.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use ltx_sys as sys;

use crate::buffers::{Frames, Samples, Target};
use crate::conditions::Output;
use crate::enums::{MemoryMode, Quant};
use crate::error::{check, Error, Result};
use crate::event::Event;
use crate::ffi::{init, Handle, Keep};
use crate::handler;

/// What a generation was and cost.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stats {
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// Frames.
    pub num_frames: i32,
    /// Hz.
    pub frame_rate: f64,
    /// Of the noise.
    pub seed: u64,
    /// Policy of the transformer, as used.
    pub quant: Option<Quant>,
    /// Policy of the text models, as used.
    pub text_quant: Option<Quant>,
    /// As used.
    pub memory_mode: Option<MemoryMode>,
    /// Of stage 1.
    pub num_inference_steps: i32,
    /// Of the whole call.
    pub total_seconds: f64,
    /// Of reading weights.
    pub load_seconds: f64,
    /// Of encoding the prompt.
    pub text_seconds: f64,
    /// Of encoding images, videos and sounds.
    pub condition_seconds: f64,
    /// Of denoising, first stage.
    pub stage_1_seconds: f64,
    /// Between the stages.
    pub upsample_seconds: f64,
    /// Of denoising, second stage.
    pub stage_2_seconds: f64,
    /// Of decoding latents.
    pub decode_seconds: f64,
    /// Of writing files.
    pub encode_seconds: f64,
    /// Highest of the call; 0 where it is not measured.
    pub peak_device_bytes: u64,
    /// Predicted by the memory plan; 0 where it does not.
    pub predicted_device_bytes: u64,
    /// Highest of the call; 0 where it is not measured.
    pub peak_host_bytes: u64,
    /// Predicted by the memory plan; 0 where it does not.
    pub predicted_host_bytes: u64,
    /// Of weights.
    pub disk_bytes_read: u64,
    /// Of the final latents, video, then audio, as fp32.
    pub latent_sha256: Sha256,
}

/// A digest; `Display` writes it in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// What a generation made: frames and samples where they were kept, and numbers. Any thread may look at it.
///
/// ```
/// # use ltx::{Models, Pipeline, Recipe, Request};
/// # fn main() -> ltx::Result<()> {
/// # let models = std::env::var("LTX_TEST_MODELS").expect("LTX_TEST_MODELS");
/// # let pipeline = Pipeline::builder(Recipe::Distilled).models(Models::root(models)).build()?;
/// let clip = pipeline.generate(&Request::new("rain on a pasture").size(64, 64).num_frames(9))?;
/// let video = clip.video()?; // a view, not a copy
/// assert_eq!(video.data().len(), 9 * 64 * 64 * 3);
/// let audio = clip.audio()?;
/// assert_eq!(audio.channel(0).map(<[f32]>::len), Some(audio.sample_count as usize));
/// println!("{}", clip.stats()?.latent_sha256);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Clip {
    handle: Handle<sys::ltx_result>,
}

impl Clip {
    pub(crate) fn new(handle: Handle<sys::ltx_result>) -> Self {
        Self { handle }
    }

    /// The frames, without a copy.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if none were kept.
    pub fn video(&self) -> Result<Frames<'_>> {
        let mut raw = init::<sys::ltx_video_buffer>()?;
        // SAFETY: the pixels are the result's, which `self` keeps.
        unsafe {
            check(sys::ltx_result_video(self.handle.get(), &mut raw))?;
            Frames::from_raw(&raw).map_err(|error| Error::new(sys::LTX_E_TOO_NEW, error.to_string()))
        }
    }

    /// The sound, without a copy.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if none was kept.
    pub fn audio(&self) -> Result<Samples<'_>> {
        let mut raw = init::<sys::ltx_audio_buffer>()?;
        // SAFETY: the samples are the result's, which `self` keeps.
        unsafe {
            check(sys::ltx_result_audio(self.handle.get(), &mut raw))?;
            Ok(Samples::from_raw(&raw))
        }
    }

    /// What the generation was and cost.
    ///
    /// # Errors
    /// None that a program can prevent.
    pub fn stats(&self) -> Result<Stats> {
        let mut raw = init::<sys::ltx_stats>()?;
        // SAFETY: the handle is a result's.
        check(unsafe { sys::ltx_result_stats(self.handle.get(), &mut raw) })?;
        let sys::ltx_stats {
            struct_size: _,
            width,
            height,
            num_frames,
            frame_rate,
            seed,
            quant,
            text_quant,
            memory_mode,
            num_inference_steps,
            total_seconds,
            load_seconds,
            text_seconds,
            condition_seconds,
            stage_1_seconds,
            upsample_seconds,
            stage_2_seconds,
            decode_seconds,
            encode_seconds,
            peak_device_bytes,
            predicted_device_bytes,
            peak_host_bytes,
            predicted_host_bytes,
            disk_bytes_read,
            latent_sha256,
        } = raw;
        Ok(Stats {
            width,
            height,
            num_frames,
            frame_rate,
            seed,
            quant: quant.try_into().ok(),
            text_quant: text_quant.try_into().ok(),
            memory_mode: memory_mode.try_into().ok(),
            num_inference_steps,
            total_seconds,
            load_seconds,
            text_seconds,
            condition_seconds,
            stage_1_seconds,
            upsample_seconds,
            stage_2_seconds,
            decode_seconds,
            encode_seconds,
            peak_device_bytes,
            predicted_device_bytes,
            peak_host_bytes,
            predicted_host_bytes,
            disk_bytes_read,
            latent_sha256: Sha256(latent_sha256),
        })
    }

    /// Converts `count` frames from `first` on and copies them into the program's memory.
    ///
    /// # Errors
    /// `InvalidArgument` if the frames are not there or the memory is too small.
    pub fn copy_frames(&self, first: i32, count: i32, target: Target<'_>) -> Result<()> {
        let raw = target.to_raw(count)?;
        // SAFETY: `target` borrows memory of the size that it states.
        check(unsafe { sys::ltx_result_copy_frames(self.handle.get(), first, count, &raw) })
    }

    /// Encodes kept frames and samples into a file (mp4, mov, mkv, wav); the suffix .safetensors writes the final latents.
    ///
    /// # Errors
    /// Those of the file; `Unsupported` if nothing was kept.
    pub fn save(&self, path: impl Into<PathBuf>) -> Result<()> {
        self.save_with(&Output::path(path), |_| ControlFlow::Continue(()))
    }

    /// The same with the options of an output, and events.
    ///
    /// # Errors
    /// As [`Clip::save`]; `Cancelled` after `Break`.
    pub fn save_with(&self, output: &Output, on_event: impl FnMut(&Event<'_>) -> ControlFlow<()>) -> Result<()> {
        let mut keep = Keep::default();
        let raw = output.lower(&mut keep)?;
        handler::run(on_event, |function, data| {
            // SAFETY: `keep` has the path; `data` belongs to `function`.
            check(unsafe { sys::ltx_result_save(self.handle.get(), &raw, function, data) })
        })
    }

    /// The handle for calls of [`sys`](crate::sys); it stays the clip's.
    pub fn as_ptr(&self) -> *mut sys::ltx_result {
        self.handle.get()
    }
}
