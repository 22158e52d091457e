// Hidden states of all layers to one feature per token and stream (spec 03 §5).
#pragma once
#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "models/text/extractor_version.h"
#include "quant/linear.h"

namespace ltx::text {

/// One tensor per stream, [N, T, width].
struct StreamPair {
  at::Tensor video, audio;
};

/// Widths of what goes in and comes out.
struct ExtractorShape {
  int64_t hidden = 0, states = 0;  // of the language model: D, L
  int64_t video_width = 0, audio_width = 0;
};

class FeatureExtractor {
 public:
  /// `source` stands at `feature_extractor.`.
  FeatureExtractor(ExtractorVersion version, const ExtractorShape& shape, const quant::Source& source);

  /// One state [N, T, D] of the stack, normalised; 0 at pads. `mask` [N, T] bool on the same device.
  at::Tensor normalize(const at::Tensor& state, const at::Tensor& mask) const;

  /// All states, each [N, T, D], to the projections' input [N, T, D·L], the state's index running fastest. A
  /// state is let go as soon as it is used.
  at::Tensor stack(std::vector<at::Tensor> states, const at::Tensor& mask) const;

  /// What enters the video projection, from stack()'s result.
  at::Tensor video_input(const at::Tensor& stacked) const;

  /// stack()'s result -> features. V1 has one projection, whose output serves both streams.
  StreamPair project(const at::Tensor& stacked) const;

 private:
  ExtractorVersion version_;
  ExtractorShape shape_;
  double video_scale_ = 1.0, audio_scale_ = 1.0;
  std::optional<quant::Linear> shared_, video_, audio_;
};

}  // namespace ltx::text
