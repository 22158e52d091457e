//! What a request shows to the model beside its prompt, how strongly it is guided, and where the clip goes.

use std::path::PathBuf;

use ltx_sys as sys;

use crate::buffers::{Frames, Samples};
use crate::enums::{Location, PixelFormat, TilingMode, VideoRole};
use crate::error::Result;
use crate::ffi::{fill, init, options, Keep};

options! {
    /// An image that the clip shows at a frame: a file, or one frame in memory.
    pub struct Image {
        values {
            /// The frame of the clip; 0.
            frame_index: i32,
            /// 0 to 1; 1.0.
            strength: f32,
            /// Compression that the image goes through first; 0: none.
            crf: i32,
        }
        others {
            /// An image file.
            path: Option<PathBuf>,
            /// One frame.
            pixels: Option<Frames<'static>>,
        }
    }
}

impl Image {
    /// An image file.
    pub fn path(file: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(file.into()),
            ..Self::default()
        }
    }

    /// One frame in memory.
    pub fn pixels(pixels: Frames<'static>) -> Self {
        Self {
            pixels: Some(pixels),
            ..Self::default()
        }
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_image_condition> {
        let pixels = self.pixels.as_ref().map(Frames::to_raw).transpose()?;
        let mut raw = init::<sys::ltx_image_condition>()?;
        fill!(raw: ltx_image_condition {
            frame_index: self.frame_index,
            path: keep.path("request.images.path", self.path.as_deref())?,
            pixels: keep.one(pixels),
            strength: self.strength,
            crf: self.crf,
        });
        Ok(raw)
    }
}

options! {
    /// A video that a recipe starts from: a file, a folder of EXR files, or frames in memory.
    pub struct Video {
        values {
            /// What it is to the recipe.
            role: VideoRole,
            /// Hz; required for EXR folders.
            frame_rate: f64,
            /// 1.0.
            strength: f32,
        }
        others {
            /// A file, or a folder of EXR files.
            path: Option<PathBuf>,
            /// Frames.
            pixels: Option<Frames<'static>>,
        }
    }
}

impl Video {
    /// A file, or a folder of EXR files.
    pub fn path(role: VideoRole, path: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(path.into()),
            ..Self::default()
        }
        .role(role)
    }

    /// Frames in memory.
    pub fn pixels(role: VideoRole, pixels: Frames<'static>) -> Self {
        Self {
            pixels: Some(pixels),
            ..Self::default().role(role)
        }
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_video_condition> {
        let pixels = self.pixels.as_ref().map(Frames::to_raw).transpose()?;
        let mut raw = init::<sys::ltx_video_condition>()?;
        fill!(raw: ltx_video_condition {
            role: self.role,
            path: keep.path("request.videos.path", self.path.as_deref())?,
            pixels: keep.one(pixels),
            frame_rate: self.frame_rate,
            strength: self.strength,
        } reserved { reserved0 });
        Ok(raw)
    }
}

options! {
    /// A sound track that a recipe starts from: a file, or samples in memory.
    pub struct Audio {
        values {
            /// Seconds of the file that are skipped; 0.
            start_time: f64,
            /// Seconds; the clip's length.
            max_duration: f64,
        }
        others {
            /// A sound or video file.
            path: Option<PathBuf>,
            /// Samples.
            samples: Option<Samples<'static>>,
        }
    }
}

impl Audio {
    /// A sound or video file.
    pub fn path(file: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(file.into()),
            ..Self::default()
        }
    }

    /// Samples in memory.
    pub fn samples(samples: Samples<'static>) -> Self {
        Self {
            samples: Some(samples),
            ..Self::default()
        }
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_audio_condition> {
        let samples = self.samples.as_ref().map(Samples::to_raw).transpose()?;
        let mut raw = init::<sys::ltx_audio_condition>()?;
        fill!(raw: ltx_audio_condition {
            path: keep.path("request.audio.path", self.path.as_deref())?,
            samples: keep.one(samples),
            start_time: self.start_time,
            max_duration: self.max_duration,
        } reserved { reserved0 });
        Ok(raw)
    }
}

options! {
    /// Guidance of one modality. Off, in this order of the scales: 1, 0, 0, 1, and no blocks.
    pub struct Guidance {
        values {
            /// n: guided only at every (n+1)th step.
            skip_step: i32,
            /// Away from the negative prompt.
            cfg_scale: f32,
            /// Away from a weakened model.
            stg_scale: f32,
            /// Share of the spread that is taken from the unguided prediction.
            rescale_scale: f32,
            /// Towards agreement of picture and sound.
            modality_scale: f32,
        }
        texts {
            /// Blocks that are weakened. An empty list: none.
            stg_blocks: Vec<i32>,
        }
    }
}

impl Guidance {
    /// The model's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_guidance> {
        let blocks = keep.list(self.stg_blocks.as_deref());
        let mut raw = init::<sys::ltx_guidance>()?;
        fill!(raw: ltx_guidance {
            skip_step: self.skip_step,
            cfg_scale: self.cfg_scale,
            stg_scale: self.stg_scale,
            rescale_scale: self.rescale_scale,
            modality_scale: self.modality_scale,
            stg_blocks: blocks.0,
            stg_block_count: blocks.1,
        });
        Ok(raw)
    }
}

options! {
    /// Tiles of the video decoder. The sizes belong to [`TilingMode::Explicit`]; unset: untiled along that axis.
    pub struct Tiling {
        values {
            /// Whether, and who chooses the sizes.
            mode: TilingMode,
            /// Pixels.
            tile_width: i32,
            /// Pixels.
            tile_height: i32,
            /// Frames.
            tile_frames: i32,
            /// Pixels.
            overlap_width: i32,
            /// Pixels.
            overlap_height: i32,
            /// Frames.
            overlap_frames: i32,
        }
    }
}

impl Tiling {
    /// Tiles of one mode.
    pub fn new(mode: TilingMode) -> Self {
        Self::default().mode(mode)
    }

    pub(crate) fn lower(&self, _keep: &mut Keep) -> Result<sys::ltx_tiling> {
        let mut raw = init::<sys::ltx_tiling>()?;
        fill!(raw: ltx_tiling {
            mode: self.mode,
            tile_width: self.tile_width,
            tile_height: self.tile_height,
            tile_frames: self.tile_frames,
            overlap_width: self.overlap_width,
            overlap_height: self.overlap_height,
            overlap_frames: self.overlap_frames,
        });
        Ok(raw)
    }
}

options! {
    /// Where frames and samples go. A request without one keeps RGB8 frames and the sound in the clip.
    pub struct Output {
        values {
            /// Into the clip, for [`Clip::video`](crate::Clip::video).
            keep_frames: bool,
            /// As [`Event::Frames`](crate::Event::Frames) and [`Event::Audio`](crate::Event::Audio).
            stream_frames: bool,
            /// Of kept and streamed frames.
            pixel_format: PixelFormat,
            /// Of kept frames.
            location: Location,
            /// H.264 quality, lower is better; 19.
            video_crf: i32,
            /// bit/s; 128000.
            audio_bit_rate: i32,
            /// EXR files beside the clip; on for HDR.
            write_exr: bool,
            /// The request into the file; on.
            embed_metadata: bool,
        }
        others {
            /// mp4, mov or mkv; wav for sound alone.
            path: Option<PathBuf>,
        }
    }
}

impl Output {
    /// A file: mp4, mov or mkv; wav for sound alone.
    pub fn path(file: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(file.into()),
            ..Self::default()
        }
    }

    /// Frames and samples in the clip.
    pub fn memory() -> Self {
        Self::default().keep_frames(true)
    }

    /// Frames and samples as events.
    pub fn stream() -> Self {
        Self::default().stream_frames(true)
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_output> {
        let mut raw = init::<sys::ltx_output>()?;
        fill!(raw: ltx_output {
            keep_frames: self.keep_frames,
            stream_frames: self.stream_frames,
            pixel_format: self.pixel_format,
            location: self.location,
            video_crf: self.video_crf,
            audio_bit_rate: self.audio_bit_rate,
            write_exr: self.write_exr,
            embed_metadata: self.embed_metadata,
            path: keep.path("request.output.path", self.path.as_deref())?,
        } reserved { reserved0 });
        Ok(raw)
    }
}
