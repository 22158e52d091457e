// A small transformer with random weights, and inputs for it.
#pragma once
#include <ATen/core/grad_mode.h>

#include "models/transformer/transformer.h"
#include "transformer_weights.h"

namespace ltx::testing {

inline const nlohmann::json kSmall = {{"num_layers", 2},
                                      {"num_attention_heads", 2},
                                      {"attention_head_dim", 12},
                                      {"cross_attention_dim", 24},
                                      {"in_channels", 6},
                                      {"out_channels", 6},
                                      {"audio_num_attention_heads", 2},
                                      {"audio_attention_head_dim", 6},
                                      {"audio_cross_attention_dim", 12},
                                      {"audio_in_channels", 5},
                                      {"audio_out_channels", 5}};

inline nlohmann::json small(const nlohmann::json& changes = nlohmann::json::object()) {
  auto section = transformer_section(kSmall);
  section.update(changes);
  return section;
}

inline transformer::Config config_of(const nlohmann::json& section,
                                     transformer::ModelType type = transformer::ModelType::AudioVideo) {
  return transformer::Config::parse(section, type, "model.safetensors");
}

inline std::shared_ptr<transformer::Transformer> build(const transformer::Config& config,
                                                       std::map<std::string, at::Tensor> tensors,
                                                       at::ScalarType compute = at::kFloat,
                                                       transformer::TransformerOptions options = {}) {
  const weights::View view(std::make_shared<weights::MemoryStore>(std::move(tensors)));
  return std::make_shared<transformer::Transformer>(quant::Source(view, at::kCPU, compute), config, options);
}

inline at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

/// 2×2×2 generated video tokens and 3 conditioning tokens.
inline latents::Modality video_input(int64_t batch, at::ScalarType compute = at::kFloat) {
  constexpr int64_t kTokens = 11;
  latents::Modality m;
  m.latent = random({batch, kTokens, 6}, 10).to(compute);
  m.sigma = at::linspace(0.7, 0.4, batch);
  auto mask = at::ones({batch, kTokens, 1});
  mask.narrow(1, 8, 2).fill_(0);
  mask.narrow(1, 10, 1).fill_(0.5);
  m.timesteps = mask * m.sigma.view({batch, 1, 1});
  auto bounds = at::zeros({3, kTokens, 2});
  for (int64_t t = 0; t < kTokens; ++t) {
    const int64_t cell[3] = {t / 4 % 2, t / 2 % 2, t % 2};
    for (int64_t a = 0; a < 3; ++a) {
      const double size = a == 0 ? 0.25 : 32;
      bounds[a][t][0] = static_cast<double>(cell[a]) * size;
      bounds[a][t][1] = static_cast<double>(cell[a] + 1) * size;
    }
  }
  m.positions = bounds.expand({batch, 3, kTokens, 2}).contiguous();
  m.context = random({batch, 4, 24}, 11).to(compute);
  return m;
}

inline latents::Modality audio_input(int64_t batch, at::ScalarType compute = at::kFloat) {
  constexpr int64_t kTokens = 5;
  latents::Modality m;
  m.latent = random({batch, kTokens, 5}, 12).to(compute);
  m.sigma = at::linspace(0.5, 0.9, batch);
  m.timesteps = m.sigma.view({batch, 1, 1}).expand({batch, kTokens, 1}).contiguous();
  const auto start = at::arange(kTokens, at::TensorOptions(at::kFloat)) * 0.04;
  m.positions = at::stack({start, start + 0.04}, 1)
                    .view({1, 1, kTokens, 2})
                    .expand({batch, 1, kTokens, 2})
                    .contiguous();
  m.context = random({batch, 3, 12}, 13).to(compute);
  return m;
}

inline double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).to(at::kDouble).norm() / b.to(at::kDouble).norm()).item<double>();
}

}  // namespace ltx::testing
