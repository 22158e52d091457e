// A small model with every kind of layer that conversions meet, in one file.
#pragma once
#include <ATen/CPUGeneratorImpl.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "weights/store.h"

namespace ltx::test {

/// Widths of spec 08 §25: every block size divides them; the gates' two rows fail the filters.
inline nlohmann::json model_config() {
  return {{"transformer",
           {{"num_layers", 2},
            {"num_attention_heads", 2},
            {"attention_head_dim", 128},
            {"audio_num_attention_heads", 2},
            {"audio_attention_head_dim", 64},
            {"cross_attention_dim", 256},
            {"audio_cross_attention_dim", 128},
            {"in_channels", 128},
            {"connector_num_attention_heads", 2},
            {"connector_attention_head_dim", 128}}},
          {"scheduler", {{"sampler", "LinearQuadratic"}}},
          {"vae", {{"_class_name", "CausalVideoAutoencoder"}}},
          {"audio_vae", {{"model", 1}}},
          {"vocoder", {{"resblock", "1"}}}};
}

using Tensors = std::map<std::string, at::Tensor>;

inline at::Tensor random_tensor(at::IntArrayRef shape, double deviation, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return at::normal(0, deviation, shape, generator, at::TensorOptions(at::kFloat));
}

/// The layers of the transformer, without prefix.
inline std::map<std::string, std::pair<int64_t, int64_t>> model_layers() {
  std::map<std::string, std::pair<int64_t, int64_t>> layers;
  for (const std::string block : {"transformer_blocks.0.", "transformer_blocks.1."}) {
    for (const std::string name : {"to_q", "to_k", "to_v", "to_out.0"}) {
      layers[block + "attn1." + name] = {256, 256};
      layers[block + "audio_attn1." + name] = {128, 128};
    }
    layers[block + "attn1.to_gate_logits"] = {2, 256};
    layers[block + "ff.net.0.proj"] = {1024, 256};
    layers[block + "ff.net.2"] = {256, 1024};
    layers[block + "audio_to_video_attn.to_q"] = {128, 256};
  }
  layers["patchify_proj"] = {256, 128};
  layers["adaln_single.emb.timestep_embedder.linear_1"] = {256, 256};
  return layers;
}

inline Tensors transformer_tensors(const std::string& prefix) {
  Tensors tensors;
  uint64_t seed = 1;
  for (const auto& [name, shape] : model_layers()) {
    tensors[prefix + name + ".weight"] =
        random_tensor({shape.first, shape.second}, 0.03, ++seed).to(at::kBFloat16);
    tensors[prefix + name + ".bias"] = random_tensor({shape.first}, 0.1, ++seed).to(at::kBFloat16);
  }
  tensors[prefix + "transformer_blocks.0.scale_shift_table"] = random_tensor({9, 256}, 1, 90);
  tensors[prefix + "transformer_blocks.0.attn1.q_norm.weight"] =
      random_tensor({256}, 1, 91).to(at::kBFloat16);
  return tensors;
}

/// A monolith: transformer, connector, projections, both VAEs, vocoder.
inline Tensors model_tensors() {
  auto tensors = transformer_tensors("model.diffusion_model.");
  const auto add = [&](const std::string& name, at::IntArrayRef shape) {
    tensors[name] = random_tensor(shape, 0.05, 100 + tensors.size()).to(at::kBFloat16);
  };
  add("model.diffusion_model.video_embeddings_connector.transformer_1d_blocks.0.attn1.to_q.weight",
      {256, 256});
  add("model.diffusion_model.video_embeddings_connector.learnable_registers", {8, 256});
  add("text_embedding_projection.video_aggregate_embed.weight", {256, 96});
  add("vae.encoder.conv_in.conv.weight", {8, 4, 3, 3, 3});
  add("vae.decoder.conv_in.conv.weight", {8, 4, 3, 3, 3});
  add("audio_vae.decoder.conv_in.conv.weight", {8, 4, 3, 3});
  add("vocoder.conv_pre.weight", {8, 4, 3});
  tensors["vae.per_channel_statistics.count"] = at::arange(3, at::kLong);
  return tensors;
}

inline std::map<std::string, std::string> model_metadata() {
  return {{"config", model_config().dump()}, {"model_version", "2.3.0"}, {"license", "of the model"}};
}

/// Equal dtype, shape and bits.
inline bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  if (a.defined() != b.defined()) return false;
  if (!a.defined()) return true;
  if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes()) return false;
  const auto x = a.contiguous(), y = b.contiguous();
  return x.nbytes() == 0 || std::memcmp(x.const_data_ptr(), y.const_data_ptr(), x.nbytes()) == 0;
}

inline bool same_matrix(const formats::Matrix& a, const formats::Matrix& b) {
  return a.format == b.format && a.rows == b.rows && a.columns == b.columns && a.rotation == b.rotation &&
         a.nf4_block == b.nf4_block && same_bits(a.codes, b.codes) && same_bits(a.scale, b.scale) &&
         same_bits(a.scale_2, b.scale_2) && same_bits(a.zero, b.zero) && same_bits(a.table, b.table);
}

}  // namespace ltx::test
