// What one modality brings to the blocks: once per request, and once per step.
#pragma once
#include <memory>

#include "models/transformer/modulation.h"
#include "models/transformer/stream.h"
#include "nn/attention.h"

namespace ltx::transformer {

/// Depends on where the tokens lie and how strongly they see one another. Of a single sample where all
/// samples are alike; then it serves batches of any size.
struct Geometry {
  at::Tensor positions, attention_mask, keyframes_mask;  // what it was made from; undefined: not given
  nn::RopeTable rope, cross_rope;                        // cross_rope: undefined without the other stream
  at::Tensor self_bias;                                  // additive, or undefined
  at::Tensor keyframes;                                  // [1|B, T, 1] 1 or 0, or undefined
};

/// Depends on the text.
struct TextConstants {
  at::Tensor given, given_mask;    // what it was made from
  at::Tensor context;              // [B, S, D], projected where the transformer projects it
  at::Tensor bias;                 // additive, or undefined
  at::Tensor sample;               // sample of each token: TokenRows::index
  std::vector<nn::KeyValue> kept;  // per block, where they are kept over the steps; else empty
};

/// Depends on positions, text and masks alone; passes that have them in common hold the same objects.
struct StreamConstants {
  int64_t batch = 0, tokens = 0;
  std::shared_ptr<const Geometry> geometry;
  std::shared_ptr<TextConstants> text;
  std::shared_ptr<const LevelPattern> pattern;  // null: equal noise levels are looked for at every step
  at::Tensor token_sample;                      // sample of each token of x: TokenRows::index
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

/// Keys and values of one text in the block that runs: made by the first pass that needs them, read by all
/// that share them.
using BlockText = std::optional<nn::KeyValue>;

struct StreamPass {
  const StreamConstants* constants = nullptr;
  std::shared_ptr<const StreamLevels> levels;
  std::shared_ptr<BlockText> text;
  Stream hidden{{}, 0};
  bool enabled = true;
};

}  // namespace ltx::transformer
