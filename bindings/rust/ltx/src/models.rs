//! Which files make a model, what is added to them, and how their numbers are stored.

use std::path::{Path, PathBuf};

use ltx_sys as sys;

use crate::enums::{ActScale, Arithmetic, Granularity, LayerSet, LoraOrder, LoraRole, Rounding, TensorFormat};
use crate::error::Result;
use crate::ffi::{fill, init, options, Keep};

options! {
    /// Files of a model. What is not named is absent, or found in the folder `root`.
    pub struct Models {
        texts {
            /// Everything but text.
            checkpoint: PathBuf,
            /// The transformer alone.
            transformer: PathBuf,
            /// Gemma: a folder or a file.
            text_encoder: PathBuf,
            /// The video VAE alone.
            video_vae: PathBuf,
            /// The audio VAE alone.
            audio_vae: PathBuf,
            /// Predicts a clip's length.
            duration_head: PathBuf,
            /// Needed by two stages.
            spatial_upsampler: PathBuf,
            /// Doubles the frame rate.
            temporal_upsampler: PathBuf,
            /// Rewrites prompts.
            prompt_enhancer: PathBuf,
        }
        others {
            /// Folder searched by file contents; the slots win.
            root: Option<PathBuf>,
        }
    }
}

impl Models {
    /// Nothing yet; name the files.
    pub fn new() -> Self {
        Self::default()
    }

    /// A folder that holds everything that is not named.
    pub fn root(folder: impl Into<PathBuf>) -> Self {
        Self {
            root: Some(folder.into()),
            ..Self::default()
        }
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_model_paths> {
        let mut raw = init::<sys::ltx_model_paths>()?;
        fill!(raw: ltx_model_paths {
            root: keep.path("models.root", self.root.as_deref())?,
            checkpoint: keep.path("models.checkpoint", self.checkpoint.as_deref())?,
            transformer: keep.path("models.transformer", self.transformer.as_deref())?,
            text_encoder: keep.path("models.text_encoder", self.text_encoder.as_deref())?,
            video_vae: keep.path("models.video_vae", self.video_vae.as_deref())?,
            audio_vae: keep.path("models.audio_vae", self.audio_vae.as_deref())?,
            duration_head: keep.path("models.duration_head", self.duration_head.as_deref())?,
            spatial_upsampler: keep.path("models.spatial_upsampler", self.spatial_upsampler.as_deref())?,
            temporal_upsampler: keep.path("models.temporal_upsampler", self.temporal_upsampler.as_deref())?,
            prompt_enhancer: keep.path("models.prompt_enhancer", self.prompt_enhancer.as_deref())?,
        } reserved { reserved0 });
        Ok(raw)
    }
}

options! {
    /// Weights added to the transformer when it is loaded.
    pub struct Lora {
        values {
            /// What it is for; [`LoraRole::User`].
            role: LoraRole,
            /// 1.0; times the recipe's factor while `stages` is 0.
            strength: f32,
            /// Bit 0 stage 1, bit 1 stage 2; 0: the recipe's stages and factors.
            stages: i32,
        }
        others {
            /// A safetensors file.
            path: Option<PathBuf>,
        }
    }
}

impl Lora {
    /// A safetensors file.
    pub fn path(file: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(file.into()),
            ..Self::default()
        }
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_lora> {
        let mut raw = init::<sys::ltx_lora>()?;
        fill!(raw: ltx_lora {
            role: self.role,
            path: keep.path("loras.path", self.path.as_deref())?,
            strength: self.strength,
            stages: self.stages,
        });
        Ok(raw)
    }
}

options! {
    /// A format for the layers that a pattern names. The last match wins; a format computes as the policy of its name does.
    pub struct QuantRule {
        values {
            /// The format.
            format: TensorFormat,
        }
        texts {
            /// A glob on `component:layer`, `"transformer:transformer_blocks.*.ff.*"`; without a colon every component.
            pattern: String,
        }
    }
}

impl QuantRule {
    /// A pattern and its format.
    pub fn new(pattern: impl Into<String>, format: TensorFormat) -> Self {
        Self::default().pattern(pattern).format(format)
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_quant_rule> {
        let mut raw = init::<sys::ltx_quant_rule>()?;
        fill!(raw: ltx_quant_rule {
            format: self.format,
            pattern: keep.text("quant_rules.pattern", self.pattern.as_deref())?,
        });
        Ok(raw)
    }
}

options! {
    /// Refines a quantization policy.
    pub struct QuantOptions {
        values {
            /// Scales per tensor or per row.
            granularity: Granularity,
            /// Layers of a block.
            layer_set: LayerSet,
            /// How quantized layers multiply.
            arithmetic: Arithmetic,
            /// When LoRAs are added.
            lora_order: LoraOrder,
            /// Rounding after a LoRA.
            lora_rounding: Rounding,
            /// Scale of quantized activations.
            act_scale: ActScale,
            /// Weights per scale.
            group_size: i32,
            /// Short accumulators of fp8 tensor cores.
            fast_accum: bool,
            /// The public reference's behaviour where the library's differs.
            reference_compat: bool,
        }
        texts {
            /// A file that [`Pipeline::calibrate`](crate::Pipeline::calibrate) wrote.
            calibration_path: PathBuf,
            /// Blocks left in bf16; negative: from the end. An empty list: none.
            keep_bf16_blocks: Vec<i32>,
        }
    }
}

impl QuantOptions {
    /// The policy's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn lower(&self, keep: &mut Keep) -> Result<sys::ltx_quant_options> {
        let blocks = keep.list(self.keep_bf16_blocks.as_deref());
        let mut raw = init::<sys::ltx_quant_options>()?;
        fill!(raw: ltx_quant_options {
            granularity: self.granularity,
            layer_set: self.layer_set,
            arithmetic: self.arithmetic,
            lora_order: self.lora_order,
            lora_rounding: self.lora_rounding,
            act_scale: self.act_scale,
            group_size: self.group_size,
            fast_accum: self.fast_accum,
            keep_bf16_blocks: blocks.0,
            keep_bf16_block_count: blocks.1,
            calibration_path: keep.path("quant_options.calibration_path", self.calibration_path.as_deref())?,
            reference_compat: self.reference_compat,
        } reserved { reserved0, reserved1 });
        Ok(raw)
    }
}

/// Lowers every element; the first failure ends it.
pub(crate) fn lower_all<T, R: 'static>(
    keep: &mut Keep,
    values: &[T],
    lower: impl Fn(&T, &mut Keep) -> Result<R>,
) -> Result<(Option<*const R>, Option<usize>)> {
    let raw = values
        .iter()
        .map(|value| lower(value, keep))
        .collect::<Result<Vec<R>>>()?;
    Ok(keep.many(raw))
}

/// Lowers a value where there is one.
pub(crate) fn lower_one<T, R: 'static>(
    keep: &mut Keep,
    value: Option<&T>,
    lower: impl Fn(&T, &mut Keep) -> Result<R>,
) -> Result<Option<*const R>> {
    let raw = value.map(|value| lower(value, keep)).transpose()?;
    Ok(keep.one(raw))
}

/// A path that C text names, for structs that come out.
///
/// # Safety
/// NULL, or NUL-terminated.
pub(crate) unsafe fn path_of(address: *const std::ffi::c_char) -> Option<PathBuf> {
    // SAFETY: the caller's promise.
    (!address.is_null()).then(|| Path::new(&unsafe { crate::error::text(address) }).to_path_buf())
}
