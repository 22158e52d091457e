#include "models/text/feature_extractor.h"

#include <limits>

#include "base/error.h"

namespace ltx::text {
namespace {

constexpr double kEps = 1e-6;

// Mean and range over all valid positions and channels of one prompt. The sum, the range and the range plus
// epsilon are rounded to the compute dtype, the rest is fp32 (spec 03 §5.1).
at::Tensor normalize_by_range(const at::Tensor& x, const at::Tensor& mask) {
  const auto M = x.scalar_type();
  const auto valid = mask.unsqueeze(-1);  // [N, T, 1]
  const auto wide = x.to(at::kFloat);
  const auto sum = at::where(valid, wide, 0.0).sum({1, 2}, true).to(M).to(at::kFloat);
  const auto count = (mask.sum(1) * x.size(2)).to(at::kFloat).view({-1, 1, 1});
  const auto mean = sum / (count + kEps);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto low = at::where(valid, x, kInfinity).amin({1, 2}, true);
  const auto high = at::where(valid, x, -kInfinity).amax({1, 2}, true);
  const auto range = ((high - low) + kEps).to(at::kFloat);
  return at::where(valid, (8.0 * (wide - mean)) / range, 0.0).to(M);
}

// Every step is rounded to the compute dtype (spec 03 §5.2).
at::Tensor normalize_by_rms(const at::Tensor& x, const at::Tensor& mask) {
  const auto variance = (x * x).mean(-1, true) + kEps;
  // In fp32 with one rounding: the CPU's bf16 rsqrt rounds twice where a tensor does not fill a vector
  // register.
  const auto factor = variance.to(at::kFloat).rsqrt().to(x.scalar_type());
  return at::where(mask.unsqueeze(-1), x * factor, 0.0);
}

}  // namespace

FeatureExtractor::FeatureExtractor(ExtractorVersion version, const ExtractorShape& shape,
                                   const quant::Source& source)
    : version_(version), shape_(shape) {
  const int64_t in = shape.hidden * shape.states;
  if (version == ExtractorVersion::V1) {
    shared_.emplace(source / "aggregate_embed", in, shape.video_width, false);
    return;
  }
  video_.emplace(source / "video_aggregate_embed", in, shape.video_width);
  audio_.emplace(source / "audio_aggregate_embed", in, shape.audio_width);
  const auto scale = [&](int64_t width) {
    return std::sqrt(static_cast<double>(width) / static_cast<double>(shape.hidden));
  };
  video_scale_ = scale(shape.video_width);
  audio_scale_ = scale(shape.audio_width);
}

at::Tensor FeatureExtractor::normalize(const at::Tensor& state, const at::Tensor& mask) const {
  return version_ == ExtractorVersion::V1 ? normalize_by_range(state, mask) : normalize_by_rms(state, mask);
}

at::Tensor FeatureExtractor::stack(std::vector<at::Tensor> states, const at::Tensor& mask) const {
  if (static_cast<int64_t>(states.size()) != shape_.states)
    fail(Status::Internal, "the feature extractor expects {} states, found {}. Report this.", shape_.states,
         states.size());
  for (auto& state : states) state = normalize(state, mask);
  return at::stack(states, -1).flatten(2);
}

at::Tensor FeatureExtractor::video_input(const at::Tensor& stacked) const {
  return version_ == ExtractorVersion::V1 ? stacked : stacked * video_scale_;
}

StreamPair FeatureExtractor::project(const at::Tensor& stacked) const {
  if (shared_) {
    const auto features = (*shared_)(stacked);
    return {features, features};
  }
  const auto video = (*video_)(video_input(stacked));
  return {video, (*audio_)(stacked * audio_scale_)};
}

}  // namespace ltx::text
