// The network that makes samples of mel spectra: HiFi-GAN in the first generation, with anti-aliased
// activations in the later ones (spec 05 §9.1).
#pragma once
#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/monitor.h"
#include "models/audio/activation.h"
#include "models/audio/config.h"
#include "models/audio/convolution.h"

namespace ltx::audio {

/// Three pairs of convolutions, each pair added to its input.
class ResidualBlock {
 public:
  ResidualBlock(const quant::Source& source, at::ScalarType dtype, GeneratorConfig::Kind kind,
                int64_t channels, int64_t kernel, const std::array<int64_t, 3>& dilations);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  struct Step {
    std::optional<AntiAliasedSnake> first_activation;  // absent: leaky ReLU
    Conv1d first;
    std::optional<AntiAliasedSnake> second_activation;
    Conv1d second;
  };
  std::vector<Step> steps_;
};

class Generator {
 public:
  /// The arithmetic is done in `dtype`, on weights rounded to the source's compute dtype.
  Generator(const quant::Source& source, at::ScalarType dtype, const GeneratorConfig& config);

  /// mel [B, 2, M, 64] in the dtype of the arithmetic -> samples [B, 2, config.length(M)].
  at::Tensor forward(const at::Tensor& mel, const Monitor& monitor) const;

 private:
  struct Stage {
    Conv1d upsample;
    std::vector<ResidualBlock> blocks;
  };

  GeneratorConfig config_;
  Conv1d conv_pre_;
  std::vector<Stage> stages_;
  std::optional<AntiAliasedSnake> act_post_;
  Conv1d conv_post_;
};

}  // namespace ltx::audio
