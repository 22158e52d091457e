// The Gemma 3 and Gemma 4 text models: token ids to the hidden states of every layer (spec 03 §4, §7).
#pragma once
#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "base/monitor.h"
#include "models/text/gemma_config.h"
#include "models/text/gemma_layer.h"
#include "quant/source.h"

namespace ltx::text {

/// Where the tokens of a call stand and which of them see each other.
struct GemmaLayout {
  at::Tensor positions;                // [T] or [N, T] int64
  at::Tensor global_mask, local_mask;  // bool [N, 1, queries, keys]; undefined: plain causal
};

/// Positions first … first + T − 1 whatever the padding; keys with mask 0 are seen by nobody else. `mask` is
/// [N, T]. Where `token_types` [N, T] is given, tokens of one run of ones (one image) see each other in both
/// directions.
GemmaLayout layout_padded(const at::Tensor& mask, int64_t first_position, int64_t sliding_window,
                          const at::Tensor& token_types = {});

class Gemma {
 public:
  /// `source` stands at `language_model.`.
  Gemma(const GemmaConfig& config, const quant::Source& source);

  /// Called with states 0 … layers: the scaled embeddings, the outputs of all layers but the last, and the
  /// output of the last layer after the final norm; each [N, T, D].
  using Sink = std::function<void(int64_t index, const at::Tensor& state)>;

  /// ids [N, T] int64 -> scaled embeddings [N, T, D] on the device.
  at::Tensor embed(const at::Tensor& ids) const;

  /// Runs all layers over embeddings [N, T, D] and returns the normed output of the last. With `memory` (one
  /// entry per layer, or empty) the keys of earlier calls are kept and seen.
  at::Tensor run(const at::Tensor& embeddings, const GemmaLayout& layout, const Monitor& monitor,
                 const Sink& sink = {}, std::vector<GemmaMemory>* memory = nullptr) const;

  /// All states of a batch of padded prompts, position `first_position` upwards.
  void states(const at::Tensor& ids, const at::Tensor& mask, int64_t first_position, const Monitor& monitor,
              const Sink& sink) const;

  /// The embedding's rows on the device, which are the output matrix too.
  at::Tensor output_rows() const;
  /// hidden [..., D] -> logits [..., vocabulary] in fp32.
  at::Tensor logits(const at::Tensor& hidden, const at::Tensor& output_rows) const;

  const GemmaConfig& config() const { return config_; }
  at::Device device() const { return device_; }
  at::ScalarType compute() const { return compute_; }

 private:
  GemmaAngles angles(const at::Tensor& positions, bool local) const;
  at::Tensor additive(const at::Tensor& visible) const;

  GemmaConfig config_;
  at::Device device_;
  at::ScalarType compute_;
  at::Tensor table_;  // [vocabulary, D] on the CPU: a prompt needs a few hundred of its rows
  double embed_scale_;
  at::Tensor local_frequencies_, global_frequencies_;  // fp32 [head_dim / 2]
  std::vector<GemmaLayer> layers_;
  GemmaNorm norm_;
};

}  // namespace ltx::text
