//! Every member of every struct that goes in can be reached: options with everything set are lowered, and no member of
//! `abi/layout.json` may be left at its default. What comes out is taken apart member by member without `..`, so there the
//! compiler notices; a struct that is neither must be added here.

use std::collections::BTreeSet;

use ltx_sys as sys;
use serde_json::Value;

use crate::ffi::{init, CStruct, Keep};
use crate::*;

/// Structs that come out, and those that no function takes yet.
const OUT: &[&str] = &[
    "ltx_progress",
    "ltx_event",
    "ltx_stats",
    "ltx_device_info",
    "ltx_component_state",
];
const UNUSED: &[&str] = &["ltx_memory_step", "ltx_estimate"];

struct Checker {
    layout: Value,
    seen: BTreeSet<String>,
}

fn bytes<T>(raw: &T) -> &[u8] {
    // SAFETY: the header's structs have no padding (-Wpadded), and any byte may be read.
    unsafe { std::slice::from_raw_parts((raw as *const T).cast(), std::mem::size_of::<T>()) }
}

impl Checker {
    fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../abi/layout.json");
        let layout = serde_json::from_str(&std::fs::read_to_string(path).expect(path)).expect(path);
        Self {
            layout,
            seen: BTreeSet::new(),
        }
    }

    fn check<T: CStruct>(&mut self, name: &str, raw: &T) {
        let default = init::<T>().expect(name);
        let (raw, default) = (bytes(raw), bytes(&default));
        let members = self.layout["structs"][name]
            .as_object()
            .unwrap_or_else(|| panic!("no struct {name}"));
        assert_eq!(members["size"], raw.len(), "{name}");
        for (member, place) in members {
            let Some(place) = place.as_array() else { continue };
            let number = |index: usize| place[index].as_u64().expect("a number") as usize;
            let range = number(0)..number(0) + number(1);
            let fixed = member == "struct_size" || member.starts_with("reserved");
            assert_eq!(raw[range.clone()] == default[range], fixed, "{name}.{member}");
        }
        self.seen.insert(name.to_owned());
    }
}

fn options() -> QuantOptions {
    QuantOptions::new()
        .granularity(Granularity::PerRow)
        .layer_set(LayerSet::S12)
        .arithmetic(Arithmetic::Dequant)
        .lora_order(LoraOrder::Before)
        .lora_rounding(Rounding::Nearest)
        .act_scale(ActScale::Static)
        .group_size(64)
        .fast_accum(true)
        .reference_compat(true)
        .calibration_path("amax.json")
        .keep_bf16_blocks([0, -1])
}

fn guidance() -> Guidance {
    Guidance::new()
        .skip_step(1)
        .cfg_scale(2.0)
        .stg_scale(3.0)
        .rescale_scale(0.5)
        .modality_scale(4.0)
        .stg_blocks([1, 2])
}

fn frames() -> Frames<'static> {
    let mut frames = Frames::new(PixelFormat::Rgba8, 2, 1, vec![0u8; 64])
        .with_frame_rate(24.0)
        .with_color_space(ColorSpace::Acescg)
        .with_layout(2, 16, 32);
    frames.first_frame = 3;
    frames
}

fn models() -> Models {
    Models::root("a")
        .checkpoint("b")
        .transformer("c")
        .text_encoder("d")
        .video_vae("e")
        .audio_vae("f")
        .duration_head("g")
        .spatial_upsampler("h")
        .temporal_upsampler("i")
        .prompt_enhancer("j")
}

fn image() -> Image {
    Image {
        path: Some("image.png".into()),
        ..Image::pixels(frames())
    }
    .frame_index(8)
    .strength(0.5)
    .crf(20)
}

fn video() -> Video {
    let video = Video {
        path: Some("video.mp4".into()),
        ..Video::pixels(VideoRole::Mask, frames())
    };
    video.frame_rate(24.0).strength(0.5)
}

fn audio() -> Audio {
    let mut samples = Samples::new(2, 48000, vec![0.0f32; 8]);
    (samples.sample_count, samples.channel_stride) = (3, 4);
    Audio {
        path: Some("audio.wav".into()),
        ..Audio::samples(samples)
    }
    .start_time(1.0)
    .max_duration(2.0)
}

fn tiling() -> Tiling {
    Tiling::new(TilingMode::Explicit)
        .tile_width(64)
        .tile_height(64)
        .tile_frames(16)
        .overlap_width(8)
        .overlap_height(8)
        .overlap_frames(8)
}

fn output() -> Output {
    Output::path("clip.mp4")
        .keep_frames(true)
        .stream_frames(true)
        .pixel_format(PixelFormat::RgbF32)
        .location(Location::Device)
        .video_crf(10)
        .audio_bit_rate(64000)
        .write_exr(true)
        .embed_metadata(false)
}

fn request() -> Request {
    Request::new("rain")
        .negative_prompt("snow")
        .size(64, 128)
        .num_frames(9)
        .seed(7)
        .frame_rate(25.0)
        .min_seconds(2.0)
        .max_seconds(3.0)
        .num_inference_steps(4)
        .sampler(Sampler::Euler)
        .noise_source(NoiseSource::Host)
        .color_space(ColorSpace::Acescct)
        .stage_1_sigmas([1.0, 0.0])
        .stage_2_sigmas([0.5, 0.0])
        .video_guidance(guidance())
        .audio_guidance(guidance())
        .image(image())
        .video(video())
        .audio(audio())
        .keyframes(KeyframeSlots::At(vec![0, 8]))
        .start_time(0.5)
        .end_time(1.0)
        .regenerate_video(false)
        .regenerate_audio(false)
        .skip_stage_2(true)
        .high_quality(true)
        .enhance_prompt(true)
        .temporal_upsample_rounds(1)
        .enhance_seed(3)
        .attention_strength(0.5)
        .preview_mode(PreviewMode::Linear)
        .preview_interval(2)
        .preview_max_side(256)
        .reference_parity(true)
        .text_embeddings("text.safetensors")
        .tiling(tiling())
        .output(output())
}

#[test]
fn every_member_can_be_set() {
    let folder = std::env::var("LTX_TEST_MODELS").expect("LTX_TEST_MODELS");
    let other = Pipeline::builder(Recipe::OneStage)
        .models(Models::root(folder))
        .build()
        .expect("a pipeline");
    let lora = Lora::path("lora.safetensors")
        .role(LoraRole::Distilled)
        .strength(0.5)
        .stages(2);
    let rule = QuantRule::new("transformer:*", TensorFormat::Int8);
    let builder = Pipeline::builder(Recipe::TwoStage)
        .models(models())
        .quant(Quant::Int8)
        .text_quant(Quant::Int8)
        .vae_quant(Quant::Int8)
        .measure_quantization(true)
        .compute_dtype(Compute::F32)
        .quant_options(options())
        .text_quant_options(options())
        .device(DeviceType::Cuda, 1)
        .memory_mode(MemoryMode::Cold)
        .decoder_mode(DecoderMode::Fast)
        .max_batch_size(2)
        .prompt_cache_entries(1)
        .gpu_priority(Priority::High)
        .log_level(LogLevel::Debug)
        .cuda_graphs(true)
        .device_memory_limit(1)
        .host_memory_limit(2)
        .lora(lora.clone())
        .quant_rule(rule.clone())
        .residency(Component::Transformer, Residency::Host)
        .share_with(&other)
        .weight_cache("cache");
    let convert = Convert::new(models(), "out")
        .container(Container::Gguf)
        .quant(Quant::Int8)
        .text_quant(Quant::Int8)
        .device_type(DeviceType::Cuda)
        .device_index(1)
        .split(true)
        .overwrite(true)
        .verify(false)
        .log_level(LogLevel::Debug)
        .quant_options(options())
        .text_quant_options(options())
        .calibration_path("amax.json")
        .lora(lora.clone())
        .quant_rule(rule.clone());

    let mut keep = Keep::default();
    let mut checker = Checker::new();
    checker.check("ltx_model_paths", &models().lower(&mut keep).unwrap());
    checker.check("ltx_lora", &lora.lower(&mut keep).unwrap());
    checker.check("ltx_quant_rule", &rule.lower(&mut keep).unwrap());
    checker.check("ltx_quant_options", &options().lower(&mut keep).unwrap());
    checker.check("ltx_guidance", &guidance().lower(&mut keep).unwrap());
    checker.check("ltx_tiling", &tiling().lower(&mut keep).unwrap());
    checker.check("ltx_image_condition", &image().lower(&mut keep).unwrap());
    checker.check("ltx_video_condition", &video().lower(&mut keep).unwrap());
    checker.check("ltx_audio_condition", &audio().lower(&mut keep).unwrap());
    checker.check("ltx_output", &output().lower(&mut keep).unwrap());
    checker.check("ltx_request", &request().lower(&mut keep).unwrap());
    checker.check("ltx_convert_params", &convert.lower(&mut keep).unwrap());
    let params = builder.lower(&mut keep).unwrap();
    checker.check("ltx_pipeline_params", &params);
    // SAFETY: `keep` has the array.
    checker.check("ltx_component_residency", unsafe { &*params.residency });
    let audio = audio();
    checker.check(
        "ltx_audio_buffer",
        &audio.samples.as_ref().expect("samples").to_raw().unwrap(),
    );

    // A buffer has its location and stream on a device only.
    let address = std::ptr::NonNull::<std::ffi::c_void>::dangling().as_ptr();
    // SAFETY: nothing takes these frames.
    let mut on_device = unsafe { Frames::on_device(PixelFormat::Rgba8, 2, 1, address, 64, 1, address) };
    let host = frames();
    (on_device.frame_rate, on_device.color_space, on_device.first_frame) = (host.frame_rate, host.color_space, 3);
    (on_device.frame_count, on_device.row_stride, on_device.frame_stride) = (2, 16, 32);
    checker.check("ltx_video_buffer", &on_device.to_raw().unwrap());

    let known: BTreeSet<String> = checker
        .seen
        .iter()
        .cloned()
        .chain(OUT.iter().chain(UNUSED).map(|name| (*name).to_owned()))
        .collect();
    let header: BTreeSet<String> = checker.layout["structs"]
        .as_object()
        .expect("structs")
        .keys()
        .cloned()
        .collect();
    assert_eq!(known, header);
}

#[test]
fn empty_lists_and_counts_without_a_list() {
    let mut keep = Keep::default();
    let raw = Guidance::new().stg_blocks([]).lower(&mut keep).unwrap();
    assert!(!raw.stg_blocks.is_null() && raw.stg_block_count == 0); // none, which is not the default
    let raw = Guidance::new().lower(&mut keep).unwrap();
    assert!(raw.stg_blocks.is_null());
    let raw = Request::new("rain")
        .keyframes(KeyframeSlots::Evenly(3))
        .lower(&mut keep)
        .unwrap();
    assert!(raw.keyframe_indices.is_null() && raw.keyframe_index_count == 3);
}

#[test]
fn a_request_comes_back_as_it_went() {
    let mut keep = Keep::default();
    let raw = request().lower(&mut keep).unwrap();
    // SAFETY: `keep` has what the struct points to.
    let back = unsafe { Request::from_raw(&raw) };
    assert_eq!(format!("{back:?}"), format!("{:?}", request()));
    // SAFETY: the same.
    let evenly = Request::default()
        .keyframes(KeyframeSlots::Evenly(3))
        .lower(&mut keep)
        .unwrap();
    let back = unsafe { Request::from_raw(&evenly) };
    assert_eq!(back.keyframes, Some(KeyframeSlots::Evenly(3)));
    let _: sys::ltx_request = raw;
}
