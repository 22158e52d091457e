// Names, shapes and stored bytes of the released transformers, generated from spec 02 §2.2 and §2.3.
#pragma once
#include <string>
#include <vector>

#include "quant/footprint.h"

namespace ltx::quant {

enum class Release { V19b, V23, V25 };

class DitTensors {
 public:
  explicit DitTensors(Release release) : gated_(release != Release::V19b), release_(release) {
    const int64_t rows = gated_ ? 9 : 6;
    for (const auto& [prefix, width] : streams()) {
      linear(prefix + "patchify_proj", width, 128);
      linear(prefix + "proj_out", 128, width);
      table(prefix + "scale_shift_table", 2, width);
      adaln(prefix + "adaln_single", width, rows);
      if (gated_) {
        adaln(prefix + "prompt_adaln_single", width, 2);
      } else {
        linear(prefix + "caption_projection.linear_1", width, 3840);
        linear(prefix + "caption_projection.linear_2", width, width);
      }
    }
    if (release == Release::V25) add("keyframes_abs_pos_embedding", {1, kVideo}, 2);
    adaln("av_ca_video_scale_shift_adaln_single", kVideo, 4);
    adaln("av_ca_audio_scale_shift_adaln_single", kAudio, 4);
    adaln("av_ca_a2v_gate_adaln_single", kVideo, 1);
    adaln("av_ca_v2a_gate_adaln_single", kAudio, 1);
    for (int block = 0; block < kBlocks; ++block) add_block(block);
  }

  const std::vector<StoredTensor>& all() const { return tensors_; }
  int64_t parameters() const { return parameters_; }
  /// Weights of two axes, without ".weight".
  std::vector<Layer> layers() const {
    std::vector<Layer> result;
    for (const auto& tensor : tensors_)
      if (tensor.name.ends_with(".weight") && tensor.shape.size() == 2)
        result.push_back({tensor.name.substr(0, tensor.name.size() - 7), tensor.shape[0], tensor.shape[1]});
    return result;
  }

  static constexpr int kBlocks = 48;

 private:
  static constexpr int64_t kVideo = 4096, kAudio = 2048, kHeads = 32;
  static std::vector<std::pair<std::string, int64_t>> streams() { return {{"", kVideo}, {"audio_", kAudio}}; }

  void add(const std::string& name, std::vector<int64_t> shape, int64_t element) {
    int64_t count = 1;
    for (const auto extent : shape) count *= extent;
    parameters_ += count;
    tensors_.push_back({name, std::move(shape), static_cast<uint64_t>(count * element)});
  }
  void table(const std::string& name, int64_t rows, int64_t width) { add(name, {rows, width}, 4); }  // F32
  void linear(const std::string& name, int64_t out, int64_t in, bool bias = true) {
    add(name + ".weight", {out, in}, 2);
    if (bias) add(name + ".bias", {out}, 2);
  }
  void adaln(const std::string& name, int64_t width, int64_t rows) {
    linear(name + ".emb.timestep_embedder.linear_1", width, 256);
    linear(name + ".emb.timestep_embedder.linear_2", width, width);
    linear(name + ".linear", rows * width, width);
  }
  void attention(const std::string& name, int64_t query, int64_t context, int64_t inner) {
    linear(name + ".to_q", inner, query);
    linear(name + ".to_k", inner, context);
    linear(name + ".to_v", inner, context);
    linear(name + ".to_out.0", query, inner);
    add(name + ".q_norm.weight", {inner}, 2);
    add(name + ".k_norm.weight", {inner}, 2);
    if (gated_) linear(name + ".to_gate_logits", kHeads, query);
  }
  void add_block(int block) {
    const auto at = "transformer_blocks." + std::to_string(block) + ".";
    for (const auto& [prefix, width] : streams()) {
      attention(at + prefix + "attn1", width, width, width);
      attention(at + prefix + "attn2", width, width, width);
      const bool bias = release_ != Release::V25 || !prefix.empty();
      linear(at + prefix + "ff.net.0.proj", 4 * width, width, bias);
      linear(at + prefix + "ff.net.2", width, 4 * width, bias);
      table(at + prefix + "scale_shift_table", gated_ ? 9 : 6, width);
      if (gated_) table(at + prefix + "prompt_scale_shift_table", 2, width);
    }
    attention(at + "audio_to_video_attn", kVideo, kAudio, kAudio);
    attention(at + "video_to_audio_attn", kAudio, kVideo, kAudio);
    table(at + "scale_shift_table_a2v_ca_video", 5, kVideo);
    table(at + "scale_shift_table_a2v_ca_audio", 5, kAudio);
  }

  bool gated_;
  Release release_;
  int64_t parameters_ = 0;
  std::vector<StoredTensor> tensors_;
};

}  // namespace ltx::quant
