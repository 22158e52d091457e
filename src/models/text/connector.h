// The one-dimensional transformer between the text features and the context of one stream (spec 03 §6).
#pragma once
#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "base/monitor.h"
#include "models/text/embeddings_config.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"

namespace ltx::text {

class Connector {
 public:
  /// `source` stands at `video_connector.` or `audio_connector.`.
  Connector(const ConnectorConfig& config, const quant::Source& source);

  /// Valid tokens of every prompt at the front, in their order, and registers behind them: features [N, T,
  /// C], mask [N, T] bool
  /// -> [N, length, C]. The register of position p is that of p modulo their number.
  at::Tensor fill(const at::Tensor& features, const at::Tensor& mask, int64_t length) const;

  /// Called with the input of the first block and with the output of each, [N, length, C].
  using Sink = std::function<void(int64_t index, const at::Tensor& hidden)>;

  /// features [N, T, C], mask [N, T] bool -> context [N, length, C].
  at::Tensor operator()(const at::Tensor& features, const at::Tensor& mask, int64_t length,
                        const Monitor& monitor, const Sink& sink = {}) const;

 private:
  struct Block {
    nn::Attention attention;
    nn::FeedForward feed_forward;
  };

  ConnectorConfig config_;
  at::Tensor registers_;  // [count, C]
  std::vector<Block> blocks_;
};

}  // namespace ltx::text
