#include "models/text/connector.h"

#include "base/error.h"
#include "nn/norm.h"

namespace ltx::text {
namespace {

constexpr double kEps = 1e-6;  // of all norms here, whatever `norm_eps` the config holds

at::Tensor take_registers(const quant::Source& source, int64_t width) {
  return source.tensor("learnable_registers", {-1, width});
}

/// Config and tensors must agree: an extra block or gate would silently be left out (spec 01 §6.2).
void cross_check(const ConnectorConfig& config, const weights::View& view) {
  const auto found = view.count("transformer_1d_blocks");
  if (found > config.layers)
    fail(Status::ModelConfig,
         "{}: the config gives the connector {} layers, its tensors reach '{}'. Use an unmodified file.",
         view.store().describe(), config.layers,
         view.path("transformer_1d_blocks." + std::to_string(found - 1)));
  if (config.layers == 0) return;
  const auto block = view / "transformer_1d_blocks" / int64_t{0};
  const auto contradicts = [&](const char* key, bool given, const std::string& tensor) {
    if (block.has(tensor) == given) return;
    fail(Status::ModelConfig,
         "{}: config.transformer.{} is {}, but tensor '{}' is {}. Use an unmodified file.",
         view.store().describe(), key, given, block.path(tensor), given ? "missing" : "there");
  };
  contradicts("connector_apply_gated_attention", config.gated, "attn1.to_gate_logits.weight");
  contradicts("connector_ff_bias", config.ff_bias, "ff.net.2.bias");
}

}  // namespace

Connector::Connector(const ConnectorConfig& config, const quant::Source& source)
    : config_(config), registers_(take_registers(source, config.width())) {
  cross_check(config, source.view());
  const nn::AttentionConfig attention{config.width(),  config.width(), config.heads,
                                      config.head_dim, config.gated,   kEps};
  for (int64_t i = 0; i < config.layers; ++i) {
    const auto block = source / "transformer_1d_blocks" / i;
    blocks_.push_back({nn::Attention(block / "attn1", attention),
                       nn::FeedForward(block / "ff", config.width(), config.ff_bias)});
  }
}

at::Tensor Connector::fill(const at::Tensor& features, const at::Tensor& mask, int64_t length) const {
  const auto count = registers_.size(0);
  if (length % count != 0)
    fail(Status::InvalidArgument,
         "the context length {} is not a multiple of the {} registers. Use a multiple, for example {}.",
         length, count, (length / count + 1) * count);
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < features.size(0); ++i) {
    const auto valid = features[i].index({mask[i]});  // [n, C]
    const auto n = valid.size(0);
    if (n > length)
      fail(Status::InvalidArgument, "{} tokens do not fit into a context of {}. Give a shorter prompt.", n,
           length);
    rows.push_back(at::cat({valid, registers_.repeat({length / count, 1}).slice(0, n)}));
  }
  return at::stack(rows);
}

at::Tensor Connector::operator()(const at::Tensor& features, const at::Tensor& mask, int64_t length,
                                 const Monitor& monitor, const Sink& sink) const {
  auto x = fill(features, mask, length);
  const nn::RopeSpec spec{config_.width(), config_.heads, {config_.max_pos},
                          10000.0,         config_.rope,  config_.grid};
  const auto positions = at::arange(length, x.options().dtype(at::kFloat)).view({1, 1, length});
  const auto rope = nn::rope_table(spec, positions, x.scalar_type());
  nn::AttentionInputs inputs;
  inputs.query_rope = &rope;
  if (sink) sink(0, x);
  for (int64_t i = 0; const auto& block : blocks_) {
    monitor.checkpoint();
    x = block.attention(nn::rms_norm(x, kEps), inputs) + x;
    x = block.feed_forward(nn::rms_norm(x, kEps)) + x;
    if (sink) sink(++i, x);
  }
  return nn::rms_norm(x, kEps);
}

}  // namespace ltx::text
