#include "models/text/gemma.h"

#include <limits>

#include "base/error.h"

namespace ltx::text {
namespace {

/// 1 / theta^(2j/w) in fp32, then divided by the factor; made on the CPU so that every device has the same
/// ones.
at::Tensor frequencies(const GemmaRope& rope, int64_t head_dim) {
  const auto j = at::arange(0, head_dim, 2, at::kLong).to(at::kFloat);
  auto values = at::reciprocal(at::pow(rope.theta, j / static_cast<double>(rope.exponent_width)));
  values = values / rope.factor;
  if (rope.angles < head_dim / 2) values.slice(0, rope.angles).zero_();
  return values;
}

int64_t head_dim_of(const GemmaConfig& config, bool local) {
  for (const auto& layer : config.layers)
    if (layer.local == local) return layer.head_dim;
  return 0;
}

std::vector<GemmaLayer> make_layers(const GemmaConfig& config, const quant::Source& source) {
  std::vector<GemmaLayer> layers;
  layers.reserve(config.layers.size());
  for (size_t i = 0; i < config.layers.size(); ++i)
    layers.emplace_back(source / static_cast<int64_t>(i), config, config.layers[i]);
  return layers;
}

/// The number of the image that a token belongs to, from 1; 0 for text. [N, T].
at::Tensor images_of(const at::Tensor& token_types) {
  const auto soft = token_types.eq(1).to(at::kLong);
  const auto before = at::constant_pad_nd(soft, {1, 0}).slice(1, 0, soft.size(1));
  return (soft * (1 - before)).cumsum(1) * soft;
}

}  // namespace

GemmaLayout layout_padded(const at::Tensor& mask, int64_t first_position, int64_t sliding_window,
                          const at::Tensor& token_types) {
  const auto T = mask.size(1);
  const auto step = at::arange(T, mask.options().dtype(at::kLong));
  GemmaLayout layout;
  layout.positions = step + first_position;
  const bool plain = mask.all().item<bool>() && !token_types.defined();
  if (plain && T <= sliding_window) return layout;
  const auto query = step.unsqueeze(1), key = step.unsqueeze(0);
  // A pad sees itself: a row without any key would be NaN in some kernels, and 0 · NaN would reach the valid
  // rows.
  auto seen = (key <= query).logical_and(mask.to(at::kBool).view({-1, 1, 1, T})).logical_or(key == query);
  if (token_types.defined()) {
    const auto image = images_of(token_types);
    seen = seen.logical_or(
        image.unsqueeze(2).eq(image.unsqueeze(1)).logical_and(image.unsqueeze(2) > 0).unsqueeze(1));
  }
  if (!plain) layout.global_mask = seen;
  // The window comes last and looks back only (spec 03 §8.3).
  layout.local_mask =
      T <= sliding_window ? layout.global_mask : seen.logical_and(query - key < sliding_window);
  return layout;
}

Gemma::Gemma(const GemmaConfig& config, const quant::Source& source)
    : config_(config),
      device_(source.device()),
      compute_(source.compute()),
      table_(quant::Source(source.view(), at::kCPU, source.compute())
                 .stored("embed_tokens.weight", {config.vocabulary, config.hidden})),
      layers_(make_layers(config, source / "layers")),
      norm_(source / "norm", config.hidden, config) {
  // The factor itself is rounded to the compute dtype: 62 in bf16, 61.967735 in fp32 (spec 03 §4.3).
  const auto scale = at::scalar_tensor(std::sqrt(static_cast<double>(config.hidden)), at::kFloat);
  embed_scale_ = scale.to(compute_).item<double>();
  local_frequencies_ = frequencies(config.local_rope, head_dim_of(config, true)).to(device_);
  global_frequencies_ = frequencies(config.global_rope, head_dim_of(config, false)).to(device_);
}

at::Tensor Gemma::embed(const at::Tensor& ids) const {
  auto rows = ids.to(at::kCPU, at::kLong);
  for (const auto id : config_.placeholder_ids) rows = rows.masked_fill(rows == id, config_.placeholder_row);
  if (rows.numel() > 0) {
    const auto largest = rows.max().item<int64_t>(), smallest = rows.min().item<int64_t>();
    if (largest >= config_.vocabulary || smallest < 0)
      fail(Status::ModelConfig,
           "the tokenizer gives id {}, but the language model has {} embedding rows. Use a tokenizer and a "
           "model of the "
           "same release.",
           largest >= config_.vocabulary ? largest : smallest, config_.vocabulary);
  }
  return at::embedding(table_, rows).to(device_, compute_) * embed_scale_;
}

GemmaAngles Gemma::angles(const at::Tensor& positions, bool local) const {
  const auto p = positions.to(device_, at::kFloat);
  const auto half =
      (p.dim() == 1 ? p.unsqueeze(0) : p).unsqueeze(-1) * (local ? local_frequencies_ : global_frequencies_);
  const auto full = at::cat({half, half}, -1).unsqueeze(2);
  return {full.cos().to(compute_), full.sin().to(compute_)};
}

at::Tensor Gemma::additive(const at::Tensor& visible) const {
  if (!visible.defined()) return {};
  const auto seen = visible.to(device_);
  return at::zeros(seen.sizes(), at::TensorOptions(compute_).device(device_))
      .masked_fill(seen.logical_not(), -std::numeric_limits<double>::infinity());
}

at::Tensor Gemma::run(const at::Tensor& embeddings, const GemmaLayout& layout, const Monitor& monitor,
                      const Sink& sink, std::vector<GemmaMemory>* memory) const {
  const bool same = layout.local_mask.is_same(layout.global_mask);
  const GemmaView global{angles(layout.positions, false), additive(layout.global_mask)};
  const GemmaView local{angles(layout.positions, true), same ? global.mask : additive(layout.local_mask)};
  if (memory) memory->resize(layers_.size());
  auto hidden = embeddings;
  for (size_t i = 0; i < layers_.size(); ++i) {
    monitor.checkpoint();
    if (sink) sink(static_cast<int64_t>(i), hidden);
    hidden = layers_[i](hidden, layers_[i].local() ? local : global, memory ? &(*memory)[i] : nullptr);
  }
  hidden = norm_(hidden);
  if (sink) sink(static_cast<int64_t>(layers_.size()), hidden);
  return hidden;
}

void Gemma::states(const at::Tensor& ids, const at::Tensor& mask, int64_t first_position,
                   const Monitor& monitor, const Sink& sink) const {
  run(embed(ids), layout_padded(mask, first_position, config_.sliding_window), monitor, sink);
}

at::Tensor Gemma::output_rows() const {
  return table_.to(device_, compute_);
}

at::Tensor Gemma::logits(const at::Tensor& hidden, const at::Tensor& output_rows) const {
  const auto raw = at::linear(hidden, output_rows).to(at::kFloat);
  return config_.final_softcap > 0 ? (raw / config_.final_softcap).tanh() * config_.final_softcap : raw;
}

}  // namespace ltx::text
