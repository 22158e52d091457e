// Attention with jointly normed queries and keys, rotary embedding and a gate per head (spec 02 §5), as the
// transformer and the connectors use it.
#pragma once
#include "nn/rope.h"
#include "quant/linear.h"

namespace ltx::nn {

struct AttentionConfig {
  int64_t query_dim = 0;    // channels of x and of the result
  int64_t context_dim = 0;  // channels of what keys and values are made from
  int64_t heads = 1;
  int64_t head_dim = 0;
  bool gated = false;
  double eps = 1e-6;  // of the q and k norms
};

/// What else one call takes; everything may be absent.
struct AttentionInputs {
  at::Tensor mask{};  // additive: [Tq, Tk], [B, Tq, Tk] or [1|B, 1|H, 1|Tq, Tk]
  const RopeTable* query_rope = nullptr;
  const RopeTable* key_rope = nullptr;
  at::Tensor keep{};        // [B, 1, 1]: 1 attention, 0 values in place of attention (spec 02 §7.6)
  bool value_only = false;  // values for all samples: no scores are computed (self-attention)
};

/// Projected context: keys normed and rotated.
struct KeyValue {
  at::Tensor key, value;  // [B, Tk, heads · head_dim]
};

class Attention {
 public:
  /// to_q, to_k, to_v, to_out.0, q_norm, k_norm and, if gated, to_gate_logits at the source's place.
  Attention(const quant::Source& source, const AttentionConfig& config);

  /// Self-attention, x [B, T, query_dim] -> [B, T, query_dim]. Without a key_rope the keys turn like the
  /// queries.
  at::Tensor operator()(const at::Tensor& x, const AttentionInputs& inputs = {}) const;
  /// Attention of x [B, Tq, query_dim] to context [B, Tk, context_dim].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& context,
                        const AttentionInputs& inputs = {}) const;

  /// The two steps of the call above: what depends on the context alone, and the rest (which ignores
  /// key_rope).
  KeyValue project(const at::Tensor& context, const RopeTable* key_rope = nullptr) const;
  at::Tensor attend(const at::Tensor& x, const KeyValue& context, const AttentionInputs& inputs = {}) const;

 private:
  /// Writes to o where gradients are off.
  at::Tensor gate_and_project(at::Tensor o, const at::Tensor& x) const;

  AttentionConfig config_;
  quant::Linear to_q_, to_k_, to_v_, to_out_;
  at::Tensor q_norm_, k_norm_;  // [heads · head_dim]
  std::optional<quant::Linear> to_gate_logits_;
};

/// softmax(q kᵀ / √d + mask) v per head; q [B, Tq, H·d], k, v [B, Tk, H·d] -> [B, Tq, H·d]. Mask as above.
at::Tensor dot_product_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                                 const at::Tensor& mask = {});

}  // namespace ltx::nn
