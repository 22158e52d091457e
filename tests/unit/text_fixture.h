// What the tests of the text models share: a small tokenizer, a small language model, and a folder with both.
#pragma once
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "file_fixture.h"
#include "models/text/gemma_config.h"
#include "weights/store.h"

namespace ltx::test {

using nlohmann::json;
using Tensors = std::map<std::string, at::Tensor>;

/// A Gemma-like tokenizer: byte pieces, letters, "▁", one merge over a space, a normalized and an
/// unnormalized added token.
inline json small_tokenizer(bool bos_in_template) {
  json vocab = {{"<pad>", 0}, {"<eos>", 1}, {"<bos>", 2}, {"<unk>", 3}};
  int next = 4;
  for (int byte = 0; byte < 256; ++byte) vocab[fmt::format("<0x{:02X}>", byte)] = next++;
  for (const std::string piece : {"▁", "a", "b", "s", "t", "h", "e", "s▁", "s▁a"}) vocab[piece] = next++;
  json added = json::array();
  const auto add = [&](const std::string& text, int id, bool special, bool normalized) {
    added.push_back({{"id", id},
                     {"content", text},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", normalized},
                     {"special", special}});
  };
  add("<pad>", 0, true, false);
  add("<eos>", 1, true, false);
  add("<bos>", 2, true, false);
  add("<unk>", 3, true, false);
  add("the sea", next, false, true);
  json single = json::array();
  if (bos_in_template) single.push_back({{"SpecialToken", {{"id", "<bos>"}, {"type_id", 0}}}});
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  const json pair = json::array(
      {{{"Sequence", {{"id", "A"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "B"}, {"type_id", 0}}}}});
  json tokens = json::object();
  if (bos_in_template) tokens["<bos>"] = {{"id", "<bos>"}, {"ids", {2}}, {"tokens", {"<bos>"}}};
  return {{"version", "1.0"},
          {"truncation",
           {{"direction", "Right"}, {"max_length", 3}, {"strategy", "LongestFirst"}, {"stride", 0}}},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}}},
          {"pre_tokenizer", nullptr},
          {"post_processor",
           {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}}},
          {"decoder",
           {{"type", "Sequence"},
            {"decoders", json::array({{{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}},
                                      {{"type", "ByteFallback"}},
                                      {{"type", "Fuse"}}})}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", "<unk>"},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"vocab", vocab},
            {"merges", json::array({{"s", "▁"}, {"s▁", "a"}})}}}};
}

inline const json kTokenNames = {{"bos_token", "<bos>"}, {"eos_token", "<eos>"}, {"pad_token", "<pad>"}};

inline json gemma_json() {
  return {{"model_type", "gemma3"},
          {"text_config",
           {{"vocab_size", 40},
            {"hidden_size", 16},
            {"intermediate_size", 24},
            {"num_hidden_layers", 4},
            {"num_attention_heads", 4},
            {"num_key_value_heads", 2},
            {"head_dim", 6},
            {"query_pre_attn_scalar", 9},
            {"sliding_window", 5},
            {"sliding_window_pattern", 2},
            {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8.0}}}}}};
}

/// Random weights for a config; std 1/√in keeps the states of order one.
inline Tensors gemma_tensors(const text::GemmaConfig& config) {
  at::manual_seed(5);
  Tensors tensors;
  const auto matrix = [&](const std::string& name, int64_t out, int64_t in) {
    tensors[name] = at::randn({out, in}) / std::sqrt(static_cast<double>(in));
  };
  const auto vector = [&](const std::string& name, int64_t size) { tensors[name] = at::randn({size}) * 0.3; };
  matrix("embed_tokens.weight", config.vocabulary, config.hidden);
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const auto& layer = config.layers[i];
    const auto at = "layers." + std::to_string(i) + ".";
    for (const char* norm : {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                             "post_feedforward_layernorm"})
      vector(at + norm + ".weight", config.hidden);
    const auto q = config.heads * layer.head_dim, kv = layer.kv_heads * layer.head_dim;
    matrix(at + "self_attn.q_proj.weight", q, config.hidden);
    matrix(at + "self_attn.k_proj.weight", kv, config.hidden);
    if (!layer.value_is_key) matrix(at + "self_attn.v_proj.weight", kv, config.hidden);
    matrix(at + "self_attn.o_proj.weight", config.hidden, q);
    vector(at + "self_attn.q_norm.weight", layer.head_dim);
    vector(at + "self_attn.k_norm.weight", layer.head_dim);
    matrix(at + "mlp.gate_proj.weight", config.intermediate, config.hidden);
    matrix(at + "mlp.up_proj.weight", config.intermediate, config.hidden);
    matrix(at + "mlp.down_proj.weight", config.hidden, config.intermediate);
    if (config.family == text::GemmaFamily::Gemma4) tensors[at + "layer_scalar"] = at::full({1}, 0.7);
  }
  vector("norm.weight", config.hidden);
  return tensors;
}

/// A text encoder folder as published, with the small tokenizer; its model needs at least 270 embedding rows.
inline void write_text_encoder(const Folder& folder, const json& config) {
  folder.write("config.json", config.dump());
  folder.write("tokenizer.json", small_tokenizer(true).dump());
  folder.write("tokenizer_config.json", kTokenNames.dump());
  Tensors tensors;
  for (const auto& [name, tensor] : gemma_tensors(text::GemmaConfig::parse(config, "config.json")))
    tensors["language_model.model." + name] = tensor;
  weights::save_tensors((folder / "model.safetensors").string(), tensors);
}

}  // namespace ltx::test
