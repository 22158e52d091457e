// Samples as files hold them (spec 07 §9.2).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace ltx::media {

/// One sample: clipped to [-1, 1], times 32767, truncated toward zero. NaN becomes silence.
int16_t pcm16(float sample);

/// Interleaved left, right, left, … Throws InvalidArgument if there is no sample or the channels differ in
/// length.
std::vector<int16_t> pcm16_stereo(std::span<const float> left, std::span<const float> right);

}  // namespace ltx::media
