#include "media/pcm.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace ltx::media {

int16_t pcm16(float sample) {
  if (std::isnan(sample)) return 0;
  return static_cast<int16_t>(std::clamp(sample, -1.0f, 1.0f) * 32767.0f);
}

std::vector<int16_t> pcm16_stereo(std::span<const float> left, std::span<const float> right) {
  if (left.empty() || left.size() != right.size())
    fail(Status::InvalidArgument,
         "the sound track has {} samples left and {} right. Give two channels of one length.", left.size(),
         right.size());
  std::vector<int16_t> samples(2 * left.size());
  for (size_t i = 0; i < left.size(); ++i) {
    samples[2 * i] = pcm16(left[i]);
    samples[2 * i + 1] = pcm16(right[i]);
  }
  return samples;
}

}  // namespace ltx::media
