//! The enumerations of the header. Numbers become values by `TryFrom<i32>`, never by transmutation: a newer library may know
//! more of them. `Display` and `FromStr` use the spelling of all other languages and the command line, "fp8-scaled-mm".

use std::fmt;
use std::str::FromStr;

use ltx_sys as sys;

/// A number or a name that an enumeration does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownValue(pub(crate) String);

impl fmt::Display for UnknownValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for UnknownValue {}

macro_rules! enums {
    ($($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $constant:ident $name:literal,)* })*) => {$(
        $(#[$meta])*
        #[non_exhaustive]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum $type { $($(#[$doc])* $variant = sys::$constant,)* }

        impl $type {
            /// Every value that this crate knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The spelling that all languages share.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl From<$type> for i32 {
            fn from(value: $type) -> i32 {
                value as i32
            }
        }

        impl TryFrom<i32> for $type {
            type Error = UnknownValue;
            fn try_from(value: i32) -> Result<Self, UnknownValue> {
                match value {
                    $(sys::$constant => Ok(Self::$variant),)*
                    _ => Err(UnknownValue(format!(
                        "{value} is no {} that this crate knows. Update it to the library's version.", stringify!($type)
                    ))),
                }
            }
        }

        impl FromStr for $type {
            type Err = UnknownValue;
            fn from_str(text: &str) -> Result<Self, UnknownValue> {
                Self::ALL.iter().copied().find(|value| value.name() == text).ok_or_else(|| {
                    UnknownValue(format!("'{text}' is no {}. Use one of {}.", stringify!($type), [$($name),*].join(", ")))
                })
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(self.name())
            }
        }
    )*

        /// The header's prefix of each enumeration, and its values.
        #[cfg(test)]
        fn tables() -> Vec<(&'static str, Vec<(i32, &'static str, &'static str)>)> {
            vec![$((stringify!($type), vec![$((sys::$constant, stringify!($constant), $name)),*])),*]
        }
    };
}

enums! {
    /// What a pipeline does with a request.
    Recipe {
        /// Distilled model, two stages.
        Distilled = LTX_PIPELINE_DISTILLED "distilled",
        /// Full model, guided; distilled LoRA in stage 2.
        TwoStage = LTX_PIPELINE_TWO_STAGE "two-stage",
        /// The same with a second-order sampler and LoRA factors 0.25 and 0.5.
        TwoStageHq = LTX_PIPELINE_TWO_STAGE_HQ "two-stage-hq",
        /// Full model, guided, final size at once.
        OneStage = LTX_PIPELINE_ONE_STAGE "one-stage",
        /// Reference videos through a LoRA.
        IcLora = LTX_PIPELINE_IC_LORA "ic-lora",
        /// From picture to picture.
        Keyframes = LTX_PIPELINE_KEYFRAMES "keyframes",
        /// A video to a sound track.
        AudioToVideo = LTX_PIPELINE_AUDIO_TO_VIDEO "audio-to-video",
        /// A span of a clip anew.
        Retake = LTX_PIPELINE_RETAKE "retake",
        /// A clip to HDR.
        Hdr = LTX_PIPELINE_HDR "hdr",
        /// A clip with other speech.
        Dub = LTX_PIPELINE_DUB "dub",
        /// Sound alone.
        TextToAudio = LTX_PIPELINE_TEXT_TO_AUDIO "text-to-audio",
        /// Generated keyframes, then tiles in time.
        Dfr = LTX_PIPELINE_DFR "dfr",
    }
    /// How weights are stored and multiplied.
    Quant {
        /// The formats as stored, bf16 otherwise.
        Auto = LTX_QUANT_AUTO "auto",
        /// bf16.
        None = LTX_QUANT_NONE "none",
        /// 8-bit floats without scales, cast to bf16 for each use.
        Fp8Cast = LTX_QUANT_FP8_CAST "fp8-cast",
        /// 8-bit floats, static activation scales.
        Fp8ScaledMm = LTX_QUANT_FP8_SCALED_MM "fp8-scaled-mm",
        /// 8-bit floats, activations scaled per row as they come.
        Fp8Dynamic = LTX_QUANT_FP8_DYNAMIC "fp8-dynamic",
        /// 8-bit floats, activations as they are.
        Fp8WeightOnly = LTX_QUANT_FP8_WEIGHT_ONLY "fp8-weight-only",
        /// 8-bit floats with a scale per block of 128 by 128.
        Fp8Block128 = LTX_QUANT_FP8_BLOCK128 "fp8-block128",
        /// Microscaling 8-bit floats.
        Mxfp8 = LTX_QUANT_MXFP8 "mxfp8",
        /// 6-bit floats with a scale per block of 128 by 128.
        Fp6Block128 = LTX_QUANT_FP6_BLOCK128 "fp6-block128",
        /// 4-bit floats of NVIDIA, encoded at load.
        Nvfp4Cast = LTX_QUANT_NVFP4_CAST "nvfp4-cast",
        /// 4-bit floats of NVIDIA as the file has them.
        Nvfp4Prequant = LTX_QUANT_NVFP4_PREQUANT "nvfp4-prequant",
        /// 8-bit integers, activations as they are.
        Int8 = LTX_QUANT_INT8 "int8",
        /// 8-bit integers on both sides.
        Int8Dynamic = LTX_QUANT_INT8_DYNAMIC "int8-dynamic",
        /// 4-bit integers in groups.
        Int4 = LTX_QUANT_INT4 "int4",
        /// 4-bit normal floats.
        Nf4 = LTX_QUANT_NF4 "nf4",
        /// The block formats of a GGUF file.
        Gguf = LTX_QUANT_GGUF "gguf",
    }
    /// How one tensor is stored.
    TensorFormat {
        /// As it is.
        Keep = LTX_FORMAT_KEEP "keep",
        /// 32-bit floats.
        F32 = LTX_FORMAT_F32 "f32",
        /// 16-bit floats.
        F16 = LTX_FORMAT_F16 "f16",
        /// bfloat16.
        Bf16 = LTX_FORMAT_BF16 "bf16",
        /// 8-bit floats without scales.
        Fp8Unscaled = LTX_FORMAT_FP8_UNSCALED "fp8-unscaled",
        /// 8-bit floats, one scale.
        Fp8PerTensor = LTX_FORMAT_FP8_PER_TENSOR "fp8-per-tensor",
        /// 8-bit floats, a scale per row.
        Fp8PerRow = LTX_FORMAT_FP8_PER_ROW "fp8-per-row",
        /// Microscaling 8-bit floats.
        Mxfp8 = LTX_FORMAT_MXFP8 "mxfp8",
        /// 8-bit floats, a scale per block of 128 by 128.
        Fp8Block128 = LTX_FORMAT_FP8_BLOCK128 "fp8-block128",
        /// 6-bit floats, a scale per block of 128 by 128.
        Fp6Block128 = LTX_FORMAT_FP6_BLOCK128 "fp6-block128",
        /// 4-bit floats of NVIDIA.
        Nvfp4 = LTX_FORMAT_NVFP4 "nvfp4",
        /// 8-bit integers.
        Int8 = LTX_FORMAT_INT8 "int8",
        /// 4-bit integers in groups.
        Int4 = LTX_FORMAT_INT4 "int4",
        /// 4-bit normal floats.
        Nf4 = LTX_FORMAT_NF4 "nf4",
        /// GGUF, 8 bits.
        Q8_0 = LTX_FORMAT_Q8_0 "gguf-q8-0",
        /// GGUF, 6 bits.
        Q6K = LTX_FORMAT_Q6_K "gguf-q6-k",
        /// GGUF, 5 bits.
        Q5K = LTX_FORMAT_Q5_K "gguf-q5-k",
        /// GGUF, 4 bits.
        Q4K = LTX_FORMAT_Q4_K "gguf-q4-k",
        /// GGUF, 4 bits, scales only.
        Q4_0 = LTX_FORMAT_Q4_0 "gguf-q4-0",
        /// GGUF, 4 bits, scales and minima.
        Q4_1 = LTX_FORMAT_Q4_1 "gguf-q4-1",
        /// GGUF, 5 bits, scales only.
        Q5_0 = LTX_FORMAT_Q5_0 "gguf-q5-0",
        /// GGUF, 5 bits, scales and minima.
        Q5_1 = LTX_FORMAT_Q5_1 "gguf-q5-1",
        /// GGUF, 3 bits.
        Q3K = LTX_FORMAT_Q3_K "gguf-q3-k",
        /// GGUF, 2 bits.
        Q2K = LTX_FORMAT_Q2_K "gguf-q2-k",
        /// GGUF, 4 bits, values from a table.
        Iq4Nl = LTX_FORMAT_IQ4_NL "gguf-iq4-nl",
        /// GGUF, 4 bits, values from a table, larger blocks.
        Iq4Xs = LTX_FORMAT_IQ4_XS "gguf-iq4-xs",
    }
    /// Arithmetic of all networks between quantized layers.
    Compute {
        /// bf16.
        Auto = LTX_COMPUTE_AUTO "auto",
        /// fp32 throughout: parity, training.
        F32 = LTX_COMPUTE_F32 "f32",
        /// bf16.
        Bf16 = LTX_COMPUTE_BF16 "bf16",
    }
    /// How many weights share a scale.
    Granularity {
        /// The policy's.
        Auto = LTX_GRANULARITY_AUTO "auto",
        /// One scale for a tensor.
        PerTensor = LTX_GRANULARITY_PER_TENSOR "per-tensor",
        /// One scale for a row.
        PerRow = LTX_GRANULARITY_PER_ROW "per-row",
    }
    /// Which linear layers of a transformer block are quantized.
    LayerSet {
        /// The policy's.
        Auto = LTX_LAYERS_AUTO "auto",
        /// The 28 large ones.
        S28 = LTX_LAYERS_S28 "s28",
        /// The twelve largest.
        S12 = LTX_LAYERS_S12 "s12",
        /// 34 of them.
        S34 = LTX_LAYERS_S34 "s34",
    }
    /// How quantized layers multiply.
    Arithmetic {
        /// The device's best.
        Auto = LTX_ARITHMETIC_AUTO "auto",
        /// Quantized activations, fastest kernel.
        Native = LTX_ARITHMETIC_NATIVE "native",
        /// Weights dequantized, activations as they are.
        Dequant = LTX_ARITHMETIC_DEQUANT "dequant",
        /// The exact twin of `Native` in plain fp32.
        Emulate = LTX_ARITHMETIC_EMULATE "emulate",
    }
    /// When LoRAs are added to quantized weights.
    LoraOrder {
        /// The policy's.
        Auto = LTX_LORA_ORDER_AUTO "auto",
        /// Before quantization.
        Before = LTX_LORA_ORDER_BEFORE "before",
        /// After it.
        After = LTX_LORA_ORDER_AFTER "after",
        /// Beside the weights, at every use.
        Runtime = LTX_LORA_ORDER_RUNTIME "runtime",
    }
    /// Rounding of weights that a LoRA changed.
    Rounding {
        /// The policy's.
        Auto = LTX_ROUNDING_AUTO "auto",
        /// To the nearest value.
        Nearest = LTX_ROUNDING_NEAREST "nearest",
        /// Up or down by chance.
        Stochastic = LTX_ROUNDING_STOCHASTIC "stochastic",
    }
    /// Scale of quantized activations.
    ActScale {
        /// The policy's.
        Auto = LTX_ACT_SCALE_AUTO "auto",
        /// From the file or a calibration.
        Static = LTX_ACT_SCALE_STATIC "static",
        /// From the values.
        Dynamic = LTX_ACT_SCALE_DYNAMIC "dynamic",
        /// Always 1.
        Fixed1 = LTX_ACT_SCALE_FIXED_1 "fixed-1",
    }
    /// A part of the model.
    Component {
        /// All of them.
        All = LTX_COMPONENT_ALL "all",
        /// Gemma.
        TextEncoder = LTX_COMPONENT_TEXT_ENCODER "text-encoder",
        /// Feature extractor and connectors.
        TextConnector = LTX_COMPONENT_TEXT_CONNECTOR "text-connector",
        /// The network that denoises.
        Transformer = LTX_COMPONENT_TRANSFORMER "transformer",
        /// Frames to latents.
        VideoEncoder = LTX_COMPONENT_VIDEO_ENCODER "video-encoder",
        /// Latents to frames.
        VideoDecoder = LTX_COMPONENT_VIDEO_DECODER "video-decoder",
        /// Samples to latents.
        AudioEncoder = LTX_COMPONENT_AUDIO_ENCODER "audio-encoder",
        /// Latents to samples, with the vocoder.
        AudioDecoder = LTX_COMPONENT_AUDIO_DECODER "audio-decoder",
        /// Between two stages.
        SpatialUpsampler = LTX_COMPONENT_SPATIAL_UPSAMPLER "spatial-upsampler",
        /// Doubles the frame rate.
        TemporalUpsampler = LTX_COMPONENT_TEMPORAL_UPSAMPLER "temporal-upsampler",
        /// Predicts a clip's length.
        DurationHead = LTX_COMPONENT_DURATION_HEAD "duration-head",
        /// Rewrites prompts.
        PromptEnhancer = LTX_COMPONENT_PROMPT_ENHANCER "prompt-enhancer",
    }
    /// Presets of where weights live.
    MemoryMode {
        /// What fits.
        Auto = LTX_MEMORY_AUTO "auto",
        /// Loaded once.
        Persistent = LTX_MEMORY_PERSISTENT "persistent",
        /// Each component read for its phase.
        Cold = LTX_MEMORY_COLD "cold",
        /// Weights wait in host memory.
        OffloadHost = LTX_MEMORY_OFFLOAD_HOST "offload-host",
        /// Weights wait on disk.
        OffloadDisk = LTX_MEMORY_OFFLOAD_DISK "offload-disk",
    }
    /// Where a component's weights live between uses.
    Residency {
        /// Decided by the memory plan.
        Auto = LTX_RESIDENCY_AUTO "auto",
        /// On the device.
        Device = LTX_RESIDENCY_DEVICE "device",
        /// In pinned host memory, copied whole for each use.
        Host = LTX_RESIDENCY_HOST "host",
        /// In pinned host memory, streamed block by block.
        HostStream = LTX_RESIDENCY_HOST_STREAM "host-stream",
        /// Nowhere, read whole for each use.
        Disk = LTX_RESIDENCY_DISK "disk",
        /// Nowhere, streamed block by block.
        DiskStream = LTX_RESIDENCY_DISK_STREAM "disk-stream",
    }
    /// A kind of device.
    DeviceType {
        /// The first CUDA device, else the CPU.
        Auto = LTX_DEVICE_AUTO "auto",
        /// The processor.
        Cpu = LTX_DEVICE_CPU "cpu",
        /// An NVIDIA GPU.
        Cuda = LTX_DEVICE_CUDA "cuda",
    }
    /// Where pixels lie.
    Location {
        /// In host memory.
        Host = LTX_LOCATION_HOST "host",
        /// On a device.
        Device = LTX_LOCATION_DEVICE "device",
    }
    /// How stage 1 walks from noise to a clip.
    Sampler {
        /// The recipe's.
        Auto = LTX_SAMPLER_AUTO "auto",
        /// First order.
        Euler = LTX_SAMPLER_EULER "euler",
        /// First order, fresh noise at every step.
        EulerAncestral = LTX_SAMPLER_EULER_ANCESTRAL "euler-ancestral",
        /// Second order.
        Res2s = LTX_SAMPLER_RES_2S "res-2s",
        /// First order, extrapolated.
        GradientEstimation = LTX_SAMPLER_GRADIENT_ESTIMATION "gradient-estimation",
    }
    /// The generator that draws the noise.
    NoiseSource {
        /// The device's.
        Device = LTX_NOISE_DEVICE "device",
        /// The host's: the same noise on every device.
        Host = LTX_NOISE_HOST "host",
    }
    /// What the numbers of a pixel mean.
    ColorSpace {
        /// Rec. 709.
        Sdr = LTX_COLOR_SDR "sdr",
        /// sRGB primaries, linear.
        SrgbLinear = LTX_COLOR_SRGB_LINEAR "srgb-linear",
        /// ACEScg.
        Acescg = LTX_COLOR_ACESCG "acescg",
        /// ACEScct.
        Acescct = LTX_COLOR_ACESCCT "acescct",
    }
    /// Interleaved pixels; integers use the full range, floats 0 to 1 or linear HDR.
    PixelFormat {
        /// Three bytes.
        Rgb8 = LTX_PIXEL_RGB8 "rgb8",
        /// Four bytes.
        Rgba8 = LTX_PIXEL_RGBA8 "rgba8",
        /// Three 16-bit floats.
        RgbF16 = LTX_PIXEL_RGB_F16 "rgb-f16",
        /// Three 32-bit floats.
        RgbF32 = LTX_PIXEL_RGB_F32 "rgb-f32",
        /// One byte.
        Gray8 = LTX_PIXEL_GRAY8 "gray8",
    }
    /// What a LoRA is for.
    LoraRole {
        /// Style, motion, control.
        User = LTX_LORA_USER "user",
        /// Turns the full model into the distilled one.
        Distilled = LTX_LORA_DISTILLED "distilled",
        /// Adds detail.
        Detailing = LTX_LORA_DETAILING "detailing",
    }
    /// What a video is to its recipe.
    VideoRole {
        /// The clip that is changed.
        Source = LTX_VIDEO_SOURCE "source",
        /// A clip to follow.
        Reference = LTX_VIDEO_REFERENCE "reference",
        /// Weights of the reference.
        Mask = LTX_VIDEO_MASK "mask",
    }
    /// Whether the video decoder works in tiles.
    TilingMode {
        /// By size.
        Auto = LTX_TILING_AUTO "auto",
        /// Never.
        Off = LTX_TILING_OFF "off",
        /// With the sizes given.
        Explicit = LTX_TILING_EXPLICIT "explicit",
    }
    /// Preset of the diffusion video decoder.
    DecoderMode {
        /// The plan's.
        Auto = LTX_DECODER_AUTO "auto",
        /// Small.
        LowMemory = LTX_DECODER_LOW_MEMORY "low-memory",
        /// Fast.
        Fast = LTX_DECODER_FAST "fast",
    }
    /// How a preview is made.
    PreviewMode {
        /// Not at all.
        None = LTX_PREVIEW_NONE "none",
        /// A projection of the latent.
        Linear = LTX_PREVIEW_LINEAR "linear",
        /// The first frame decoded.
        Decode = LTX_PREVIEW_DECODE "decode",
    }
    /// How loud a message is.
    LogLevel {
        /// For those who look for a fault.
        Debug = LTX_LOG_DEBUG "debug",
        /// What happens.
        Info = LTX_LOG_INFO "info",
        /// What may surprise.
        Warning = LTX_LOG_WARNING "warning",
        /// What went wrong.
        Error = LTX_LOG_ERROR "error",
        /// Nothing.
        Off = LTX_LOG_OFF "off",
    }
    /// Priority of the CUDA stream.
    Priority {
        /// Like others.
        Normal = LTX_PRIORITY_NORMAL "normal",
        /// Behind others.
        Low = LTX_PRIORITY_LOW "low",
        /// Before others.
        High = LTX_PRIORITY_HIGH "high",
    }
    /// A kind of model file.
    Container {
        /// By suffix and content.
        Auto = LTX_CONTAINER_AUTO "auto",
        /// safetensors.
        Safetensors = LTX_CONTAINER_SAFETENSORS "safetensors",
        /// GGUF.
        Gguf = LTX_CONTAINER_GGUF "gguf",
    }
    /// What a progress report counts.
    Phase {
        /// Weights are read.
        Load = LTX_PHASE_LOAD "load",
        /// The prompt is rewritten.
        Enhance = LTX_PHASE_ENHANCE "enhance",
        /// The prompt is encoded.
        Text = LTX_PHASE_TEXT "text",
        /// Images, videos and sounds are encoded.
        Condition = LTX_PHASE_CONDITION "condition",
        /// The denoising loop.
        Denoise = LTX_PHASE_DENOISE "denoise",
        /// Between two stages.
        Upsample = LTX_PHASE_UPSAMPLE "upsample",
        /// Latents become frames and samples.
        Decode = LTX_PHASE_DECODE "decode",
        /// A file is written.
        Encode = LTX_PHASE_ENCODE "encode",
        /// Model files are converted.
        Convert = LTX_PHASE_CONVERT "convert",
        /// Activations are measured.
        Calibrate = LTX_PHASE_CALIBRATE "calibrate",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::CStr;

    use super::*;

    /// Constants of the header that are no values of a public enumeration here: other types stand for them.
    const ELSEWHERE: &[&str] = &[
        "LTX_OK",
        "LTX_E_",
        "LTX_EVENT_",
        "LTX_CAPABILITY_",
        "LTX_ENUM_",
        "LTX_STRUCT_",
        "LTX_TRACK_",
    ];

    #[test]
    fn every_constant_of_the_header_has_a_value() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../abi/layout.json");
        let layout: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect(path)).expect("layout.json");
        let header: BTreeMap<String, i64> = layout["constants"]
            .as_object()
            .expect("constants")
            .iter()
            .filter(|(name, _)| !ELSEWHERE.iter().any(|prefix| name.starts_with(prefix)))
            .map(|(name, value)| (name.clone(), value.as_i64().expect("a number")))
            .collect();
        let ours: BTreeMap<String, i64> = tables()
            .into_iter()
            .flat_map(|(_, values)| values)
            .map(|(value, constant, _)| (constant.to_owned(), i64::from(value)))
            .collect();
        assert_eq!(ours, header);
    }

    #[test]
    fn names_are_those_of_the_library() {
        crate::library::ready().expect("the library");
        for (type_name, values) in tables() {
            // The header's number of the type: the one whose names are these.
            let number = (sys::LTX_ENUM_STATUS..=sys::LTX_ENUM_CAPABILITY)
                .find(|&number| {
                    values.iter().all(|&(value, _, name)| {
                        // SAFETY: any numbers may be asked for; the text is static.
                        let text = unsafe { sys::ltx_enum_name(number, value) };
                        !text.is_null() && unsafe { CStr::from_ptr(text) }.to_bytes() == name.as_bytes()
                    })
                })
                .unwrap_or(0);
            assert_ne!(
                number, 0,
                "{type_name}: no enumeration of the library has the names {values:?}"
            );
        }
    }

    #[test]
    fn numbers_and_names_convert_both_ways() {
        for &value in Quant::ALL {
            assert_eq!(Quant::try_from(i32::from(value)), Ok(value));
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        let error = Quant::try_from(12345).unwrap_err().to_string();
        assert!(error.contains("12345 is no Quant"), "{error}");
        let error = "fp9".parse::<Quant>().unwrap_err().to_string();
        assert!(error.contains("'fp9'") && error.contains("fp8-scaled-mm"), "{error}");
    }
}
