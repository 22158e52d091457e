//! From the header's request back to a [`Request`]: what `ltx_pipeline_resolve` filled in.

use ltx_sys as sys;

use crate::buffers::{Frames, Samples};
use crate::conditions::{Audio, Guidance, Image, Output, Tiling, Video};
use crate::error::text;
use crate::models::path_of;
use crate::request::{KeyframeSlots, Request};

/// Unset is −1.
fn number<T: PartialEq + From<i8>>(value: T) -> Option<T> {
    (value != T::from(-1)).then_some(value)
}

fn flag(value: i32) -> Option<bool> {
    number(value).map(|value| value != 0)
}

fn choice<T: TryFrom<i32>>(value: i32) -> Option<T> {
    T::try_from(value).ok()
}

/// # Safety
/// NULL, or so many valid values.
unsafe fn list<T: Copy>(address: *const T, count: usize) -> Option<Vec<T>> {
    if address.is_null() {
        None
    } else if count == 0 {
        Some(Vec::new())
    } else {
        // SAFETY: the caller's promise.
        Some(unsafe { std::slice::from_raw_parts(address, count) }.to_vec())
    }
}

/// # Safety
/// NULL, or NUL-terminated.
unsafe fn string(address: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: the caller's promise.
    (!address.is_null()).then(|| unsafe { text(address) })
}

/// # Safety
/// A struct of the library, whose pointers are NULL or valid.
unsafe fn image(raw: &sys::ltx_image_condition) -> Image {
    let &sys::ltx_image_condition {
        struct_size: _,
        frame_index,
        path,
        pixels,
        strength,
        crf,
    } = raw;
    // SAFETY: the caller's promise.
    let (path, pixels) = unsafe { (path_of(path), frames(pixels)) };
    Image {
        frame_index: Some(frame_index),
        strength: Some(strength),
        crf: number(crf),
        path,
        pixels,
    }
}

/// # Safety
/// As for [`image`].
unsafe fn video(raw: &sys::ltx_video_condition) -> Video {
    let &sys::ltx_video_condition {
        struct_size: _,
        role,
        path,
        pixels,
        frame_rate,
        strength,
        reserved0: _,
    } = raw;
    // SAFETY: the caller's promise.
    let (path, pixels) = unsafe { (path_of(path), frames(pixels)) };
    Video {
        role: choice(role),
        frame_rate: number(frame_rate),
        strength: Some(strength),
        path,
        pixels,
    }
}

/// # Safety
/// As for [`image`].
unsafe fn audio(raw: &sys::ltx_audio_condition) -> Audio {
    let &sys::ltx_audio_condition {
        struct_size: _,
        reserved0: _,
        path,
        samples,
        start_time,
        max_duration,
    } = raw;
    // SAFETY: the caller's promise.
    let (path, samples) = unsafe {
        (
            path_of(path),
            samples.as_ref().map(|raw| Samples::from_raw(raw).into_owned()),
        )
    };
    Audio {
        start_time: Some(start_time),
        max_duration: number(max_duration),
        path,
        samples,
    }
}

/// # Safety
/// NULL, or a buffer of the library.
unsafe fn frames(raw: *const sys::ltx_video_buffer) -> Option<Frames<'static>> {
    // SAFETY: the caller's promise.
    unsafe { raw.as_ref().and_then(|raw| Frames::from_raw(raw).ok()) }.map(Frames::into_owned)
}

/// # Safety
/// As for [`image`].
unsafe fn guidance(raw: &sys::ltx_guidance) -> Guidance {
    let &sys::ltx_guidance {
        struct_size: _,
        skip_step,
        cfg_scale,
        stg_scale,
        rescale_scale,
        modality_scale,
        stg_blocks,
        stg_block_count,
    } = raw;
    Guidance {
        skip_step: number(skip_step),
        cfg_scale: number(cfg_scale),
        stg_scale: number(stg_scale),
        rescale_scale: number(rescale_scale),
        modality_scale: number(modality_scale),
        // SAFETY: the caller's promise.
        stg_blocks: unsafe { list(stg_blocks, stg_block_count) },
    }
}

fn tiling(raw: &sys::ltx_tiling) -> Tiling {
    let &sys::ltx_tiling {
        struct_size: _,
        mode,
        tile_width,
        tile_height,
        tile_frames,
        overlap_width,
        overlap_height,
        overlap_frames,
    } = raw;
    Tiling {
        mode: choice(mode),
        tile_width: number(tile_width),
        tile_height: number(tile_height),
        tile_frames: number(tile_frames),
        overlap_width: number(overlap_width),
        overlap_height: number(overlap_height),
        overlap_frames: number(overlap_frames),
    }
}

/// # Safety
/// As for [`image`].
unsafe fn output(raw: &sys::ltx_output) -> Output {
    let &sys::ltx_output {
        struct_size: _,
        keep_frames,
        stream_frames,
        pixel_format,
        location,
        video_crf,
        audio_bit_rate,
        write_exr,
        embed_metadata,
        reserved0: _,
        path,
    } = raw;
    Output {
        keep_frames: flag(keep_frames),
        stream_frames: flag(stream_frames),
        pixel_format: choice(pixel_format),
        location: choice(location),
        video_crf: number(video_crf),
        audio_bit_rate: number(audio_bit_rate),
        write_exr: flag(write_exr),
        embed_metadata: flag(embed_metadata),
        // SAFETY: the caller's promise.
        path: unsafe { path_of(path) },
    }
}

impl Request {
    /// # Safety
    /// A request of the library: pointers are NULL or valid, arrays have the strides of this crate's structs.
    pub(crate) unsafe fn from_raw(raw: &sys::ltx_request) -> Self {
        let &sys::ltx_request {
            struct_size: _,
            width,
            height,
            num_frames,
            prompt,
            negative_prompt,
            seed,
            frame_rate,
            min_seconds,
            max_seconds,
            num_inference_steps,
            sampler,
            noise_source,
            color_space,
            stage_1_sigmas,
            stage_1_sigma_count,
            stage_2_sigmas,
            stage_2_sigma_count,
            video_guidance,
            audio_guidance,
            images,
            image_count,
            videos,
            video_count,
            audio: raw_audio,
            keyframe_indices,
            keyframe_index_count,
            start_time,
            end_time,
            regenerate_video,
            regenerate_audio,
            skip_stage_2,
            high_quality,
            enhance_prompt,
            temporal_upsample_rounds,
            enhance_seed,
            attention_strength,
            preview_mode,
            preview_interval,
            preview_max_side,
            reference_parity,
            reserved0: _,
            text_embeddings,
            tiling: raw_tiling,
            output: raw_output,
        } = raw;
        // SAFETY: the caller's promise.
        unsafe {
            Self {
                width: number(width),
                height: number(height),
                num_frames: number(num_frames),
                seed: Some(seed),
                frame_rate: number(frame_rate),
                min_seconds: number(min_seconds),
                max_seconds: number(max_seconds),
                num_inference_steps: number(num_inference_steps),
                sampler: choice(sampler),
                noise_source: choice(noise_source),
                color_space: choice(color_space),
                video_guidance: video_guidance.as_ref().map(|raw| guidance(raw)),
                audio_guidance: audio_guidance.as_ref().map(|raw| guidance(raw)),
                audio: raw_audio.as_ref().map(|raw| audio(raw)),
                keyframes: match list(keyframe_indices, keyframe_index_count) {
                    Some(frames) => Some(KeyframeSlots::At(frames)),
                    None => (keyframe_index_count > 0).then_some(KeyframeSlots::Evenly(keyframe_index_count)),
                },
                start_time: number(start_time),
                end_time: number(end_time),
                regenerate_video: flag(regenerate_video),
                regenerate_audio: flag(regenerate_audio),
                skip_stage_2: flag(skip_stage_2),
                high_quality: flag(high_quality),
                enhance_prompt: flag(enhance_prompt),
                temporal_upsample_rounds: number(temporal_upsample_rounds),
                enhance_seed: number(enhance_seed),
                attention_strength: Some(attention_strength),
                preview_mode: choice(preview_mode),
                preview_interval: number(preview_interval),
                preview_max_side: number(preview_max_side),
                reference_parity: flag(reference_parity),
                tiling: raw_tiling.as_ref().map(tiling),
                output: raw_output.as_ref().map(|raw| output(raw)),
                prompt: string(prompt),
                negative_prompt: string(negative_prompt),
                text_embeddings: path_of(text_embeddings),
                stage_1_sigmas: list(stage_1_sigmas, stage_1_sigma_count),
                stage_2_sigmas: list(stage_2_sigmas, stage_2_sigma_count),
                images: each(images, image_count, |raw| image(raw)),
                videos: each(videos, video_count, |raw| video(raw)),
            }
        }
    }
}

/// # Safety
/// NULL, or so many valid structs.
unsafe fn each<R, T>(address: *const R, count: usize, raise: impl Fn(&R) -> T) -> Vec<T> {
    if address.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(address, count) }
        .iter()
        .map(raise)
        .collect()
}
