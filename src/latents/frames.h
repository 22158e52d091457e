// Frame counts: rounding to what a latent can hold, keyframe positions, fitting a latent to a length (spec 06
// §12).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace ltx::latents {

/// The largest 8k+1 that is at most `frames`.
int64_t snap_frames(int64_t frames);

/// Frames of a duration, rounded, clamped to [minimum, maximum] and snapped to 8k+1.
int64_t frames_of_duration(double seconds, double frame_rate, int64_t minimum = 1, int64_t maximum = 1024);

/// `count` interior pixel frames of a clip, evenly spaced.
std::vector<int64_t> evenly_spaced_keyframes(int64_t count, int64_t frames);

/// An explicit list, sorted and without repetitions.
std::vector<int64_t> sorted_keyframes(std::vector<int64_t> positions, int64_t frames);

/// latent [B, C, F, …] cut to `frames`, or filled up with zeros at the end.
at::Tensor fit_latent(const at::Tensor& latent, int64_t frames);

/// video [B, C, F, H, W]: frames 0, 1, 1 + factor, 1 + 2·factor, …
at::Tensor subsample_frames(const at::Tensor& video, int64_t factor);

}  // namespace ltx::latents
