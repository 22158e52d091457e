// Self-attention masks between a target and groups of appended tokens (spec 06 §6).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <variant>

namespace ltx::diffusion {

/// The mask after `added` tokens were appended to `tokens`, of which the first `target_tokens` are the
/// target's. `weights` is a number, [M], [1, M] or [B, M] for M added tokens; nullopt counts as 1. Null stays
/// null as long as no weights are given.
std::optional<at::Tensor> extend_attention_mask(
    const std::optional<at::Tensor>& mask, int64_t batch, int64_t tokens, int64_t target_tokens,
    int64_t added, const std::optional<std::variant<double, at::Tensor>>& weights, at::ScalarType dtype,
    const at::Device& device);

}  // namespace ltx::diffusion
