//! One generation.

use std::path::PathBuf;

use ltx_sys as sys;

use crate::conditions::{Audio, Guidance, Image, Output, Tiling, Video};
use crate::enums::{ColorSpace, NoiseSource, PreviewMode, Sampler};
use crate::error::Result;
use crate::ffi::{fill, init, options, Keep};
use crate::models::{lower_all, lower_one};

/// Slots of the clip whose frames the recipe generates first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyframeSlots {
    /// At these frames.
    At(Vec<i32>),
    /// So many, evenly spaced.
    Evenly(usize),
}

options! {
    /// One generation. A member that the recipe does not use must stay unset; `None` is the model's or recipe's default, which
    /// [`Pipeline::resolve`](crate::Pipeline::resolve) shows.
    ///
    /// ```
    /// let request = ltx::Request::new("rain on a pasture").size(768, 512).num_frames(121).seed(7);
    /// assert_eq!(request.width, Some(768));
    /// ```
    pub struct Request {
        values {
            /// Pixels of the final clip; a multiple of 64 (two stages) or 32.
            width: i32,
            /// Pixels, likewise.
            height: i32,
            /// 8k+1; 121, or predicted where recipe and model can.
            num_frames: i32,
            /// 10.
            seed: u64,
            /// Hz; 24.
            frame_rate: f64,
            /// Seconds; 1. Clamps a predicted length.
            min_seconds: f64,
            /// Seconds; 20.
            max_seconds: f64,
            /// Of stage 1.
            num_inference_steps: i32,
            /// Of stage 1.
            sampler: Sampler,
            /// The generator that draws the noise.
            noise_source: NoiseSource,
            /// Of EXR inputs; HDR decoding and output.
            color_space: ColorSpace,
            /// Guidance of the picture.
            video_guidance: Guidance,
            /// Guidance of the sound.
            audio_guidance: Guidance,
            /// The sound that the recipe starts from.
            audio: Audio,
            /// Slots of generated keyframes.
            keyframes: KeyframeSlots,
            /// Seconds; where a retake begins.
            start_time: f64,
            /// Seconds; where it ends.
            end_time: f64,
            /// A retake makes the picture anew; on.
            regenerate_video: bool,
            /// A retake makes the sound anew; on.
            regenerate_audio: bool,
            /// Half the size, without the second stage.
            skip_stage_2: bool,
            /// More steps, where the recipe can.
            high_quality: bool,
            /// The prompt is rewritten first.
            enhance_prompt: bool,
            /// Each of up to two rounds doubles the frame rate.
            temporal_upsample_rounds: i32,
            /// Seed of the rewriting.
            enhance_seed: i64,
            /// Of reference tokens, 0 to 1; 1.0.
            attention_strength: f32,
            /// How previews are made.
            preview_mode: PreviewMode,
            /// Steps from preview to preview; 1.
            preview_interval: i32,
            /// Pixels; 512.
            preview_max_side: i32,
            /// The public reference's documented quirks.
            reference_parity: bool,
            /// Tiles of the video decoder.
            tiling: Tiling,
            /// Where the clip goes; without one, RGB8 frames are kept in memory.
            output: Output,
        }
        texts {
            /// What to show. This or `text_embeddings` is required.
            prompt: String,
            /// What to avoid; the library has a text of its own.
            negative_prompt: String,
            /// A file that [`Pipeline::encode_text`](crate::Pipeline::encode_text) wrote, instead of a prompt.
            text_embeddings: PathBuf,
            /// Noise levels of stage 1 instead of the schedule; the last is 0.
            stage_1_sigmas: Vec<f32>,
            /// Noise levels of stage 2.
            stage_2_sigmas: Vec<f32>,
        }
        others {
            /// Images that the clip shows.
            images: Vec<Image>,
            /// Videos that the recipe starts from.
            videos: Vec<Video>,
        }
    }
}

impl Request {
    /// A prompt and nothing else.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self::default().prompt(prompt)
    }

    /// Width and height, pixels.
    #[must_use]
    pub fn size(self, width: i32, height: i32) -> Self {
        self.width(width).height(height)
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// Adds a video.
    #[must_use]
    pub fn video(mut self, video: Video) -> Self {
        self.videos.push(video);
        self
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_request> {
        let images = lower_all(keep, &self.images, Image::lower)?;
        let videos = lower_all(keep, &self.videos, Video::lower)?;
        let stage_1 = keep.many(self.stage_1_sigmas.clone().unwrap_or_default());
        let stage_2 = keep.many(self.stage_2_sigmas.clone().unwrap_or_default());
        let slots = match &self.keyframes {
            Some(KeyframeSlots::At(frames)) => keep.list(Some(frames)),
            Some(KeyframeSlots::Evenly(count)) => (None, Some(*count)),
            None => (None, None),
        };
        let mut raw = init::<sys::ltx_request>()?;
        fill!(raw: ltx_request {
            width: self.width,
            height: self.height,
            num_frames: self.num_frames,
            prompt: keep.text("request.prompt", self.prompt.as_deref())?,
            negative_prompt: keep.text("request.negative_prompt", self.negative_prompt.as_deref())?,
            seed: self.seed,
            frame_rate: self.frame_rate,
            min_seconds: self.min_seconds,
            max_seconds: self.max_seconds,
            num_inference_steps: self.num_inference_steps,
            sampler: self.sampler,
            noise_source: self.noise_source,
            color_space: self.color_space,
            stage_1_sigmas: stage_1.0,
            stage_1_sigma_count: stage_1.1,
            stage_2_sigmas: stage_2.0,
            stage_2_sigma_count: stage_2.1,
            video_guidance: lower_one(keep, self.video_guidance.as_ref(), Guidance::lower)?,
            audio_guidance: lower_one(keep, self.audio_guidance.as_ref(), Guidance::lower)?,
            images: images.0,
            image_count: images.1,
            videos: videos.0,
            video_count: videos.1,
            audio: lower_one(keep, self.audio.as_ref(), Audio::lower)?,
            keyframe_indices: slots.0,
            keyframe_index_count: slots.1,
            start_time: self.start_time,
            end_time: self.end_time,
            regenerate_video: self.regenerate_video,
            regenerate_audio: self.regenerate_audio,
            skip_stage_2: self.skip_stage_2,
            high_quality: self.high_quality,
            enhance_prompt: self.enhance_prompt,
            temporal_upsample_rounds: self.temporal_upsample_rounds,
            enhance_seed: self.enhance_seed,
            attention_strength: self.attention_strength,
            preview_mode: self.preview_mode,
            preview_interval: self.preview_interval,
            preview_max_side: self.preview_max_side,
            reference_parity: self.reference_parity,
            text_embeddings: keep.path("request.text_embeddings", self.text_embeddings.as_deref())?,
            tiling: lower_one(keep, self.tiling.as_ref(), Tiling::lower)?,
            output: lower_one(keep, self.output.as_ref(), Output::lower)?,
        } reserved { reserved0 });
        Ok(raw)
    }
}
