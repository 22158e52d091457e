// What one modality brings to the blocks: once per request, and once per step.
#pragma once
#include "models/transformer/stream.h"
#include "nn/attention.h"

namespace ltx::transformer {

/// Depends on positions, text and masks alone.
struct StreamConstants {
  int64_t batch = 0, tokens = 0, text_tokens = 0;
  at::Tensor context;                    // [B, S, D], projected where the transformer projects it
  at::Tensor context_bias, self_bias;    // additive, or undefined
  nn::RopeTable rope, cross_rope;        // cross_rope: undefined without the other stream
  at::Tensor keyframes;                  // [B, T, 1] 1 or 0, or undefined
  at::Tensor token_sample, text_sample;  // sample of each token of x and of the context: TokenRows::index
  std::vector<nn::KeyValue> text;        // per block, where it depends on the prompt alone; else empty
};

/// Depends on the noise levels: outputs of the timestep modules (spec 02 §4.3).
struct StreamLevels {
  at::Tensor index;       // TokenRows::index of `embedded`, `main`, `cross`
  at::Tensor embedded;    // [U, D], for the output head
  at::Tensor main;        // [U, K·D]
  at::Tensor prompt;      // [B|1, 2·D], undefined where the text modulation is static
  at::Tensor cross;       // [U, 4·D], undefined without the other stream
  at::Tensor cross_gate;  // [B|1, D]
};

struct StreamPass {
  const StreamConstants* constants = nullptr;
  StreamLevels levels;
  Stream hidden;
  bool enabled = true;
};

}  // namespace ltx::transformer
