// Changing the sampling rate with a windowed sinc (spec 05 §5.2).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>

namespace ltx::audio {

/// Samples per channel after resampling `samples` of them from one rate to another, in hertz.
int64_t resampled_length(int64_t samples, int64_t from, int64_t to);

/// waveform [B, C, S] fp32 at `from` hertz -> [B, C, resampled_length(S)]; the waveform itself if the rates
/// are equal. Throws InvalidArgument for rates below 1, or that have so little in common that the kernel
/// would be enormous.
at::Tensor resample(const at::Tensor& waveform, int64_t from, int64_t to);

}  // namespace ltx::audio
