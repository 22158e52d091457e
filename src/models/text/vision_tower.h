// The image side of Gemma 3: SigLIP tower and projector to soft tokens (spec 03 §8.4).
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "quant/linear.h"

namespace ltx::text {

struct VisionConfig {
  int64_t hidden = 0, intermediate = 0, layers = 0, heads = 0;
  int64_t image_size = 0, patch_size = 0;
  int64_t soft_tokens = 0;  // per image
  int64_t text_hidden = 0;
  double norm_eps = 1e-6;

  int64_t grid() const { return image_size / patch_size; }

  /// From the config of a Gemma 3 model. Throws ModelConfig.
  static VisionConfig parse(const nlohmann::json& config, int64_t text_hidden, const std::string& file);
};

class VisionTower {
 public:
  /// `source` stands at the root of the text encoder's tensors (`vision_tower.`, `projector.`).
  VisionTower(const VisionConfig& config, const quant::Source& source);

  /// Pixels [I, 3, S, S], normalised -> patch and position embeddings [I, patches, C].
  at::Tensor embed(const at::Tensor& pixels) const;
  /// Embeddings -> output of the tower's last norm [I, patches, C].
  at::Tensor encode(const at::Tensor& embeddings, const Monitor& monitor = Monitor::silent()) const;
  /// Tower output -> soft tokens [I, soft tokens, D].
  at::Tensor project(const at::Tensor& encoded) const;

  const VisionConfig& config() const { return config_; }

 private:
  struct Norm {
    at::Tensor weight, bias;
  };
  struct Layer {
    Norm norm1, norm2;
    quant::Linear q_proj, k_proj, v_proj, out_proj, fc1, fc2;
  };
  Norm take_norm(const quant::Source& source) const;
  at::Tensor normed(const at::Tensor& x, const Norm& norm) const;
  at::Tensor attend(const Layer& layer, const at::Tensor& x) const;

  VisionConfig config_;
  at::Tensor patch_weight_, patch_bias_;  // [C, 3, P, P], [C]
  at::Tensor position_embedding_;         // [patches, C]
  std::vector<Layer> layers_;
  Norm post_norm_;
  at::Tensor soft_norm_;   // fp32 [C], 1 + weight
  at::Tensor projection_;  // [C, D]
};

/// Embeddings [N, T, D] with the rows where `token_types` [N, T] is 1 replaced by soft tokens
/// [I, soft tokens, D], in order.
at::Tensor place_images(const at::Tensor& embeddings, const at::Tensor& token_types, const at::Tensor& soft);

}  // namespace ltx::text
