// Predicts the length of a clip from the contexts of its prompt (spec 03 §10).
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <string>

#include "quant/linear.h"

namespace ltx::text {

struct DurationHeadConfig {
  int64_t video_width = 4096, audio_width = 2048;
  int64_t hidden = 256, queries = 1, heads = 4, mlp_hidden = 256;

  /// The sections `transformer` and `duration_head` of the metadata's config; null where absent.
  static DurationHeadConfig parse(const nlohmann::json& transformer, const nlohmann::json& duration_head,
                                  const std::string& file);
};

class DurationHead {
 public:
  /// `source` stands at `duration_head.`.
  DurationHead(const DurationHeadConfig& config, const quant::Source& source);

  /// Contexts [1, T, width], at least one defined -> seconds.
  double operator()(const at::Tensor& video, const at::Tensor& audio) const;

 private:
  at::Tensor pool(const at::Tensor& tokens) const;

  DurationHeadConfig config_;
  quant::Linear video_proj_, audio_proj_;
  at::Tensor video_embedding_, audio_embedding_;  // [hidden]
  at::Tensor queries_;                            // [queries, hidden]
  at::Tensor in_weight_, in_bias_;                // [3·hidden, hidden], [3·hidden]: q, k, v
  quant::Linear out_proj_, mlp_hidden_, mlp_out_;
};

/// The number of frames, 8k + 1, for a predicted length within limits given in seconds.
int64_t frames_for(double seconds, double frame_rate, double min_seconds = 1.0, double max_seconds = 20.0);

}  // namespace ltx::text
