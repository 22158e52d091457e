#include "models/text/gemma_layer.h"

namespace ltx::text {
namespace {

/// Half-split rotation; every product and the sum are rounded to the compute dtype.
at::Tensor rotate(const at::Tensor& x, const GemmaAngles& angles) {
  const auto half = x.chunk(2, -1);
  return x * angles.cos + at::cat({half[1].neg(), half[0]}, -1) * angles.sin;
}

/// [N, T, kv, d] -> [N, heads, T, d]; query head j reads key head j / (heads / kv).
at::Tensor spread_heads(const at::Tensor& x, int64_t heads) {
  const auto kv = x.size(2);
  auto y = x.transpose(1, 2);
  if (kv == heads) return y;
  return y.unsqueeze(2)
      .expand({x.size(0), kv, heads / kv, x.size(1), x.size(3)})
      .reshape({x.size(0), heads, x.size(1), x.size(3)});
}

}  // namespace

GemmaNorm::GemmaNorm(const quant::Source& source, int64_t width, const GemmaConfig& config)
    : factor_(source.tensor("weight", {width}).to(at::kFloat)), eps_(config.norm_eps) {
  if (config.family == GemmaFamily::Gemma3) factor_ = factor_ + 1.0;
}

at::Tensor GemmaNorm::operator()(const at::Tensor& x) const {
  return at::rms_norm(x.to(at::kFloat), {x.size(-1)}, factor_, eps_).to(x.scalar_type());
}

GemmaAttention::GemmaAttention(const quant::Source& source, const GemmaConfig& config,
                               const GemmaLayerConfig& layer)
    : layer_(layer),
      heads_(config.heads),
      scale_(config.attention_scale),
      eps_(config.norm_eps),
      norm_values_(config.family == GemmaFamily::Gemma4),
      q_proj_(source / "q_proj", config.hidden, config.heads * layer.head_dim, config.attention_bias),
      k_proj_(source / "k_proj", config.hidden, layer.kv_heads * layer.head_dim, config.attention_bias),
      o_proj_(source / "o_proj", config.heads * layer.head_dim, config.hidden, config.attention_bias),
      q_norm_(source / "q_norm", layer.head_dim, config),
      k_norm_(source / "k_norm", layer.head_dim, config) {
  if (!layer.value_is_key)
    v_proj_.emplace(source / "v_proj", config.hidden, layer.kv_heads * layer.head_dim, config.attention_bias);
}

at::Tensor GemmaAttention::operator()(const at::Tensor& x, const GemmaView& view, GemmaMemory* memory) const {
  const auto N = x.size(0), T = x.size(1), d = layer_.head_dim;
  const auto query = q_proj_(x).view({N, T, heads_, d});
  const auto raw_key = k_proj_(x).view({N, T, layer_.kv_heads, d});
  auto value = v_proj_ ? (*v_proj_)(x).view({N, T, layer_.kv_heads, d}) : raw_key;
  if (norm_values_) value = at::rms_norm(value.to(at::kFloat), {d}, {}, eps_).to(x.scalar_type());
  const auto q = rotate(q_norm_(query), view.angles);
  auto key = rotate(k_norm_(raw_key), view.angles);
  if (memory) {
    if (memory->keys.defined()) {
      key = at::cat({memory->keys, key}, 1);
      value = at::cat({memory->values, value}, 1);
    }
    memory->keys = key;
    memory->values = value;
  }
  const bool causal = !view.mask.defined() && T > 1;
  const auto mask = view.mask.defined() ? std::optional<at::Tensor>(view.mask) : std::nullopt;
  const auto mixed = at::scaled_dot_product_attention(q.transpose(1, 2), spread_heads(key, heads_),
                                                      spread_heads(value, heads_), mask, 0.0, causal, scale_);
  return o_proj_(mixed.transpose(1, 2).reshape({N, T, heads_ * d}));
}

GemmaLayer::GemmaLayer(const quant::Source& source, const GemmaConfig& config, const GemmaLayerConfig& layer)
    : local_(layer.local),
      input_norm_(source / "input_layernorm", config.hidden, config),
      post_attention_norm_(source / "post_attention_layernorm", config.hidden, config),
      pre_feedforward_norm_(source / "pre_feedforward_layernorm", config.hidden, config),
      post_feedforward_norm_(source / "post_feedforward_layernorm", config.hidden, config),
      attention_(source / "self_attn", config, layer),
      gate_proj_(source / "mlp" / "gate_proj", config.hidden, config.intermediate, false),
      up_proj_(source / "mlp" / "up_proj", config.hidden, config.intermediate, false),
      down_proj_(source / "mlp" / "down_proj", config.intermediate, config.hidden, false) {
  if (config.family == GemmaFamily::Gemma4) layer_scalar_ = source.tensor("layer_scalar", {1});
}

at::Tensor GemmaLayer::mlp(const at::Tensor& x) const {
  return down_proj_(at::gelu(gate_proj_(x), "tanh") * up_proj_(x));
}

at::Tensor GemmaLayer::operator()(const at::Tensor& hidden, const GemmaView& view,
                                  GemmaMemory* memory) const {
  auto h = hidden + post_attention_norm_(attention_(input_norm_(hidden), view, memory));
  h = h + post_feedforward_norm_(mlp(pre_feedforward_norm_(h)));
  return layer_scalar_.defined() ? h * layer_scalar_ : h;
}

}  // namespace ltx::text
