// Random weights of a transformer in memory, under the names and in the shapes of spec 02 §2.
#pragma once
#include <ATen/CPUGeneratorImpl.h>

#include <nlohmann/json.hpp>

#include "models/transformer/config.h"
#include "weights/store.h"

namespace ltx::testing {

/// A complete `config.transformer` with the fixed settings of the family and `changes` on top.
inline nlohmann::json transformer_section(const nlohmann::json& changes) {
  auto section = nlohmann::json::parse(R"({
    "dropout": 0.0, "attention_bias": true, "num_vector_embeds": null, "activation_fn": "gelu-approximate",
    "num_embeds_ada_norm": 1000, "use_linear_projection": false, "only_cross_attention": false,
    "cross_attention_norm": true, "double_self_attention": false, "upcast_attention": false,
    "standardization_norm": "rms_norm", "norm_elementwise_affine": false, "qk_norm": "rms_norm",
    "positional_embedding_type": "rope", "use_audio_video_cross_attention": true, "share_ff": false,
    "av_cross_ada_norm": true, "use_middle_indices_grid": true, "frequencies_precision": "float64",
    "av_ca_timestep_scale_multiplier": 1000.0, "apply_gated_attention": true, "cross_attention_adaln": true,
    "caption_proj_before_connector": true})");
  section.update(changes);
  return section;
}

class TransformerWeights {
 public:
  explicit TransformerWeights(const transformer::Config& config, at::ScalarType dtype = at::kFloat,
                              uint64_t seed = 1)
      : config_(config), dtype_(dtype), generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {
    if (config.video) ends("", *config.video);
    if (config.audio) ends("audio_", *config.audio);
    if (config.video && config.audio) {
      adaln("av_ca_video_scale_shift_adaln_single", config.video->width(), 4);
      adaln("av_ca_audio_scale_shift_adaln_single", config.audio->width(), 4);
      adaln("av_ca_a2v_gate_adaln_single", config.video->width(), 1);
      adaln("av_ca_v2a_gate_adaln_single", config.audio->width(), 1);
    }
    for (int64_t i = 0; i < config.num_layers; ++i) block("transformer_blocks." + std::to_string(i) + ".");
  }

  std::map<std::string, at::Tensor> tensors;

 private:
  void add(const std::string& name, at::IntArrayRef shape, double deviation, double mean = 0) {
    tensors[name] = at::normal(mean, deviation, shape, generator_, at::TensorOptions(at::kFloat)).to(dtype_);
  }
  void linear(const std::string& name, int64_t in, int64_t out, bool bias = true) {
    add(name + ".weight", {out, in}, 0.7 / std::sqrt(static_cast<double>(in)));
    if (bias) add(name + ".bias", {out}, 0.1);
  }
  void adaln(const std::string& name, int64_t dim, int64_t rows) {
    linear(name + ".emb.timestep_embedder.linear_1", 256, dim);
    linear(name + ".emb.timestep_embedder.linear_2", dim, dim);
    linear(name + ".linear", dim, rows * dim);
  }
  void ends(const std::string& prefix, const transformer::StreamConfig& s) {
    linear(prefix + "patchify_proj", s.in_channels, s.width());
    linear(prefix + "proj_out", s.width(), s.out_channels);
    add(prefix + "scale_shift_table", {2, s.width()}, 0.3);
    adaln(prefix + "adaln_single", s.width(), config_.modulation_rows());
    if (config_.prompt_adaln) adaln(prefix + "prompt_adaln_single", s.width(), 2);
    if (config_.caption_channels > 0) {
      linear(prefix + "caption_projection.linear_1", config_.caption_channels, s.width());
      linear(prefix + "caption_projection.linear_2", s.width(), s.width());
    }
    if (s.keyframes) add("keyframes_abs_pos_embedding", {1, s.width()}, 0.5);
  }
  void attention(const std::string& name, int64_t query, int64_t context,
                 const transformer::StreamConfig& heads) {
    const int64_t inner = heads.width();
    linear(name + ".to_q", query, inner);
    linear(name + ".to_k", context, inner);
    linear(name + ".to_v", context, inner);
    linear(name + ".to_out.0", inner, query);
    add(name + ".q_norm.weight", {inner}, 0.1, 1);
    add(name + ".k_norm.weight", {inner}, 0.1, 1);
    if (config_.gated) linear(name + ".to_gate_logits", query, heads.heads);
  }
  void stream(const std::string& place, const std::string& prefix, const transformer::StreamConfig& s) {
    attention(place + prefix + "attn1", s.width(), s.width(), s);
    attention(place + prefix + "attn2", s.width(), s.width(), s);
    linear(place + prefix + "ff.net.0.proj", s.width(), 4 * s.width(), s.ff_bias);
    linear(place + prefix + "ff.net.2", 4 * s.width(), s.width(), s.ff_bias);
    add(place + prefix + "scale_shift_table", {config_.modulation_rows(), s.width()}, 0.3);
    if (config_.cross_attention_adaln) add(place + prefix + "prompt_scale_shift_table", {2, s.width()}, 0.3);
  }
  void block(const std::string& place) {
    const auto &video = config_.video, &audio = config_.audio;
    if (video) stream(place, "", *video);
    if (audio) stream(place, "audio_", *audio);
    if (!video || !audio) return;
    attention(place + "audio_to_video_attn", video->width(), audio->width(), *audio);
    attention(place + "video_to_audio_attn", audio->width(), video->width(), *audio);
    add(place + "scale_shift_table_a2v_ca_video", {5, video->width()}, 0.3);
    add(place + "scale_shift_table_a2v_ca_audio", {5, audio->width()}, 0.3);
  }

  transformer::Config config_;
  at::ScalarType dtype_;
  at::Generator generator_;
};

}  // namespace ltx::testing
