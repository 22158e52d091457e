// One decoder layer of a Gemma text model: norms, rotary grouped-query attention, gated MLP (spec 03 §4.3,
// §7.2).
#pragma once
#include <ATen/ATen.h>

#include <optional>

#include "models/text/gemma_config.h"
#include "quant/linear.h"

namespace ltx::text {

/// RMS norm in fp32 with one rounding at the end. The factor is 1 + weight in Gemma 3, the weight in Gemma 4.
class GemmaNorm {
 public:
  GemmaNorm(const quant::Source& source, int64_t width, const GemmaConfig& config);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor factor_;  // fp32 [width]
  double eps_;
};

/// cos and sin of one kind of layer, [N or 1, T, 1, head_dim] in the compute dtype.
struct GemmaAngles {
  at::Tensor cos, sin;
};

/// What a layer's queries see. `mask` is additive, [N or 1, 1, queries, keys] in the compute dtype;
/// undefined: plain causal.
struct GemmaView {
  GemmaAngles angles;
  at::Tensor mask;
};

/// Keys and values of earlier tokens, [N, T, kv_heads, head_dim], grown by each call.
struct GemmaMemory {
  at::Tensor keys, values;
};

class GemmaAttention {
 public:
  GemmaAttention(const quant::Source& source, const GemmaConfig& config, const GemmaLayerConfig& layer);

  /// x [N, T, D] -> [N, T, D]. With a memory the keys are those of all calls so far.
  at::Tensor operator()(const at::Tensor& x, const GemmaView& view, GemmaMemory* memory) const;

 private:
  GemmaLayerConfig layer_;
  int64_t heads_;
  double scale_, eps_;
  bool norm_values_;
  quant::Linear q_proj_, k_proj_;
  std::optional<quant::Linear> v_proj_;
  quant::Linear o_proj_;
  GemmaNorm q_norm_, k_norm_;
};

class GemmaLayer {
 public:
  GemmaLayer(const quant::Source& source, const GemmaConfig& config, const GemmaLayerConfig& layer);

  /// hidden [N, T, D] -> [N, T, D], the residual stream before and after.
  at::Tensor operator()(const at::Tensor& hidden, const GemmaView& view, GemmaMemory* memory = nullptr) const;

  bool local() const { return local_; }

 private:
  at::Tensor mlp(const at::Tensor& x) const;

  bool local_;
  GemmaNorm input_norm_, post_attention_norm_, pre_feedforward_norm_, post_feedforward_norm_;
  GemmaAttention attention_;
  quant::Linear gate_proj_, up_proj_, down_proj_;
  at::Tensor layer_scalar_;  // [1], Gemma 4 only
};

}  // namespace ltx::text
