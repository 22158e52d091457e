#include "models/text/vision_tower.h"

#include <cmath>

#include "base/error.h"
#include "models/text/fields.h"

namespace ltx::text {

VisionConfig VisionConfig::parse(const nlohmann::json& json, int64_t text_hidden, const std::string& file) {
  const Fields top(json, "'" + file + "': config");
  const Fields vision = top.section("vision_config");
  VisionConfig config;
  config.hidden = vision.count("hidden_size");
  config.intermediate = vision.count("intermediate_size");
  config.layers = vision.layers("num_hidden_layers", 27);
  config.heads = vision.count("num_attention_heads");
  config.image_size = vision.count("image_size");
  config.patch_size = vision.count("patch_size");
  config.norm_eps = vision.number("layer_norm_eps", 1e-6);
  config.soft_tokens = top.count("mm_tokens_per_image", 256);
  config.text_hidden = text_hidden;
  if (config.hidden % config.heads != 0)
    vision.wrong("hidden_size", fmt::format("a multiple of num_attention_heads ({})", config.heads));
  if (config.image_size % config.patch_size != 0)
    vision.wrong("image_size", fmt::format("a multiple of patch_size ({})", config.patch_size));
  const auto side = std::llround(std::sqrt(static_cast<double>(config.soft_tokens)));
  if (side * side != config.soft_tokens || config.grid() % side != 0)
    top.wrong("mm_tokens_per_image", fmt::format("the square of a divisor of {}", config.grid()));
  return config;
}

VisionTower::Norm VisionTower::take_norm(const quant::Source& source) const {
  return {source.tensor("weight", {config_.hidden}), source.tensor("bias", {config_.hidden})};
}

VisionTower::VisionTower(const VisionConfig& config, const quant::Source& source) : config_(config) {
  const auto tower = source / "vision_tower", embeddings = tower / "embeddings";
  const auto C = config.hidden, P = config.patch_size;
  patch_weight_ = (embeddings / "patch_embedding").tensor("weight", {C, 3, P, P});
  patch_bias_ = (embeddings / "patch_embedding").tensor("bias", {C});
  position_embedding_ =
      (embeddings / "position_embedding").tensor("weight", {config.grid() * config.grid(), C});
  for (int64_t i = 0; i < config.layers; ++i) {
    const auto at = tower / "encoder" / "layers" / i, attention = at / "self_attn", mlp = at / "mlp";
    layers_.push_back({take_norm(at / "layer_norm1"), take_norm(at / "layer_norm2"),
                       quant::Linear(attention / "q_proj", C, C), quant::Linear(attention / "k_proj", C, C),
                       quant::Linear(attention / "v_proj", C, C), quant::Linear(attention / "out_proj", C, C),
                       quant::Linear(mlp / "fc1", C, config.intermediate),
                       quant::Linear(mlp / "fc2", config.intermediate, C)});
  }
  post_norm_ = take_norm(tower / "post_layernorm");
  const auto projector = source / "projector";
  soft_norm_ = (projector / "mm_soft_emb_norm").tensor("weight", {C}).to(at::kFloat) + 1.0;
  projection_ = projector.tensor("mm_input_projection_weight", {C, config.text_hidden});
}

at::Tensor VisionTower::normed(const at::Tensor& x, const Norm& norm) const {
  return at::layer_norm(x, {config_.hidden}, norm.weight, norm.bias, config_.norm_eps);
}

at::Tensor VisionTower::embed(const at::Tensor& pixels) const {
  if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) != config_.image_size ||
      pixels.size(3) != config_.image_size)
    fail(Status::InvalidArgument,
         "the vision tower expects images of 3 × {0} × {0}, found a tensor of {1} axes. Resize them.",
         config_.image_size, pixels.dim());
  const auto patches = at::conv2d(pixels.to(patch_weight_.device(), patch_weight_.scalar_type()),
                                  patch_weight_, patch_bias_, config_.patch_size);
  return patches.flatten(2).transpose(1, 2) + position_embedding_;
}

at::Tensor VisionTower::attend(const Layer& layer, const at::Tensor& x) const {
  const auto by_head = [&](const at::Tensor& y) {
    return y.unflatten(2, {config_.heads, -1}).transpose(1, 2);
  };
  const auto mixed = at::scaled_dot_product_attention(by_head(layer.q_proj(x)), by_head(layer.k_proj(x)),
                                                      by_head(layer.v_proj(x)));
  return layer.out_proj(mixed.transpose(1, 2).flatten(2));
}

at::Tensor VisionTower::encode(const at::Tensor& embeddings, const Monitor& monitor) const {
  auto x = embeddings;
  for (const auto& layer : layers_) {
    monitor.checkpoint();
    x = x + attend(layer, normed(x, layer.norm1));
    x = x + layer.fc2(at::gelu(layer.fc1(normed(x, layer.norm2)), "tanh"));
  }
  return normed(x, post_norm_);
}

at::Tensor VisionTower::project(const at::Tensor& encoded) const {
  const auto grid = config_.grid();
  const auto side = std::llround(std::sqrt(static_cast<double>(config_.soft_tokens)));
  const auto image = encoded.transpose(1, 2).unflatten(2, {grid, grid});
  const auto pooled = at::avg_pool2d(image, {grid / side, grid / side}).flatten(2).transpose(1, 2);
  const auto soft = at::rms_norm(pooled.to(at::kFloat), {config_.hidden}, soft_norm_, config_.norm_eps);
  return at::matmul(soft.to(encoded.scalar_type()), projection_);
}

at::Tensor place_images(const at::Tensor& embeddings, const at::Tensor& token_types, const at::Tensor& soft) {
  const auto places = token_types.to(embeddings.device()).eq(1);
  const auto count = places.sum().item<int64_t>(), given = soft.size(0) * soft.size(1);
  if (count != given)
    fail(Status::InvalidArgument,
         "the text has places for {} soft tokens, the images give {}. Name every image once.", count, given);
  return embeddings.masked_scatter(places.unsqueeze(-1), soft);
}

}  // namespace ltx::text
