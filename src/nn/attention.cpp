#include "nn/attention.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/head_gate.h"
#include "nn/norm.h"

namespace ltx::nn {
namespace {

/// Four axes and the dtype of the scores. Masks are finite by definition, also after rounding (spec 02 §4.5).
at::Tensor as_score_bias(const at::Tensor& mask, at::ScalarType dtype) {
  if (mask.dim() < 2 || mask.dim() > 4) {
    fail(Status::InvalidArgument,
         "An attention mask has {} axes; expected 2, 3 or 4. Pass [Tq, Tk], [B, Tq, Tk] or [B, heads, Tq, "
         "Tk].",
         mask.dim());
  }
  auto bias = mask.dim() == 2 ? mask.unsqueeze(0) : mask;
  if (bias.dim() == 3) bias = bias.unsqueeze(1);
  if (bias.scalar_type() == dtype) return bias;
  if (dtype == at::kBFloat16) {
    const auto limit = static_cast<double>(std::numeric_limits<c10::BFloat16>::max());
    bias = bias.clamp(-limit, limit);
  }
  return bias.to(dtype);
}

}  // namespace

at::Tensor dot_product_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                                 const at::Tensor& mask) {
  const auto by_head = [heads](const at::Tensor& t) {
    return t.unflatten(2, {heads, t.size(2) / heads}).transpose(1, 2);
  };
  std::optional<at::Tensor> bias;
  if (mask.defined()) bias = as_score_bias(mask, q.scalar_type());
  return at::scaled_dot_product_attention(by_head(q), by_head(k), by_head(v), bias)
      .transpose(1, 2)
      .flatten(2);
}

Attention::Attention(const quant::Source& source, const AttentionConfig& config)
    : config_(config),
      to_q_(source / "to_q", config.query_dim, config.heads * config.head_dim),
      to_k_(source / "to_k", config.context_dim, config.heads * config.head_dim),
      to_v_(source / "to_v", config.context_dim, config.heads * config.head_dim),
      to_out_(source / "to_out" / int64_t{0}, config.heads * config.head_dim, config.query_dim),
      q_norm_((source / "q_norm").tensor("weight", {config.heads * config.head_dim})),
      k_norm_((source / "k_norm").tensor("weight", {config.heads * config.head_dim})) {
  if (config.gated) to_gate_logits_.emplace(source / "to_gate_logits", config.query_dim, config.heads);
}

at::Tensor Attention::operator()(const at::Tensor& x, const AttentionInputs& inputs) const {
  return (*this)(x, x, inputs);
}

at::Tensor Attention::operator()(const at::Tensor& x, const at::Tensor& context,
                                 const AttentionInputs& inputs) const {
  if (inputs.value_only) return gate_and_project(to_v_(context), x);
  return attend(x, project(context, inputs.key_rope ? inputs.key_rope : inputs.query_rope), inputs);
}

KeyValue Attention::project(const at::Tensor& context, const RopeTable* key_rope) const {
  return {norm_rope(to_k_(context), k_norm_, config_.eps, key_rope), to_v_(context)};
}

at::Tensor Attention::attend(const at::Tensor& x, const KeyValue& context,
                             const AttentionInputs& inputs) const {
  const auto& [key, value] = context;
  if (inputs.value_only) return gate_and_project(value.clone(), x);
  const auto query = norm_rope(to_q_(x), q_norm_, config_.eps, inputs.query_rope);
  auto o = dot_product_attention(query, key, value, config_.heads, inputs.mask);
  if (inputs.keep.defined()) o = o * inputs.keep + value * (1 - inputs.keep);
  return gate_and_project(o, x);
}

at::Tensor Attention::gate_and_project(at::Tensor o, const at::Tensor& x) const {
  if (to_gate_logits_) {
    const auto logits = (*to_gate_logits_)(x);  // [B, Tq, H]
    if (kernels::fusible(o) && kernels::fusible(logits)) {
      kernels::head_gate_(o, logits);
    } else {
      const auto gate = logits.sigmoid() * 2;
      o = (o.unflatten(2, {config_.heads, config_.head_dim}) * gate.unsqueeze(3)).flatten(2);
    }
  }
  return to_out_(o);
}

}  // namespace ltx::nn
