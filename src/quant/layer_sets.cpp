#include "quant/layer_sets.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ltx::quant {
namespace {

constexpr std::string_view kBlocks = "transformer_blocks.";
constexpr std::string_view kCompiled = "._orig_mod";

constexpr std::array<std::string_view, 6> kAttentions = {
    "attn1", "attn2", "audio_attn1", "audio_attn2", "audio_to_video_attn", "video_to_audio_attn"};

const std::vector<std::string_view>& s34() {
  static const std::vector<std::string> text = [] {
    std::vector<std::string> all;
    for (const auto attention : kAttentions)
      for (const auto* part : {".to_q", ".to_k", ".to_v", ".to_out.0", ".to_gate_logits"})
        all.push_back(std::string(attention) + part);
    for (const auto* part : {"ff.net.0.proj", "ff.net.2", "audio_ff.net.0.proj", "audio_ff.net.2"})
      all.emplace_back(part);
    return all;
  }();
  static const std::vector<std::string_view> views(text.begin(), text.end());
  return views;
}

const std::vector<std::string_view>& s28() {
  static const std::vector<std::string_view> views = [] {
    auto all = s34();
    std::erase_if(all, [](std::string_view name) { return name.ends_with(".to_gate_logits"); });
    return all;
  }();
  return views;
}

const std::vector<std::string_view>& s12() {
  static const std::vector<std::string_view> views = {"attn1.to_q",
                                                      "attn1.to_k",
                                                      "attn1.to_v",
                                                      "attn1.to_out.0",
                                                      "attn2.to_q",
                                                      "attn2.to_out.0",
                                                      "audio_to_video_attn.to_q",
                                                      "audio_to_video_attn.to_out.0",
                                                      "video_to_audio_attn.to_k",
                                                      "video_to_audio_attn.to_v",
                                                      "ff.net.0.proj",
                                                      "ff.net.2"};
  return views;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether some dot-separated part of the name satisfies `test`.
template <class Test>
bool any_segment(std::string_view name, Test&& test) {
  for (;;) {
    const auto dot = name.find('.');
    if (test(name.substr(0, dot))) return true;
    if (dot == std::string_view::npos) return false;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string canonical_name(std::string_view name) {
  std::string own(name);
  for (size_t at = own.find(kCompiled); at != std::string::npos; at = own.find(kCompiled, at + 1)) {
    const auto end = at + kCompiled.size();
    if (end != own.size() && own[end] != '.') continue;
    own.erase(at, kCompiled.size());
    break;
  }
  for (const std::string_view prefix : {"model.diffusion_model.", "diffusion_model."})
    if (own.starts_with(prefix)) {
      own.erase(0, prefix.size());
      break;
    }
  return own;
}

std::optional<BlockLayer> block_layer(std::string_view canonical) {
  if (!canonical.starts_with(kBlocks)) return std::nullopt;
  canonical.remove_prefix(kBlocks.size());
  const auto dot = canonical.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  BlockLayer result;
  const auto* const last = canonical.data() + dot;
  const auto [end, error] = std::from_chars(canonical.data(), last, result.block);
  if (error != std::errc() || end != last || canonical.front() == '-') return std::nullopt;
  result.suffix = canonical.substr(dot + 1);
  return result;
}

const std::vector<std::string_view>& members(LayerSet set) {
  switch (set) {
    case LayerSet::S12:
      return s12();
    case LayerSet::S34:
      return s34();
    case LayerSet::S28:
    case LayerSet::Auto:
      break;
  }
  return s28();
}

bool in_set(LayerSet set, std::string_view canonical) {
  const auto layer = block_layer(canonical);
  const auto& all = members(set);
  return layer && std::find(all.begin(), all.end(), layer->suffix) != all.end();
}

namespace reference {
namespace {

// The last two without a leading dot, so that they take `audio_ff` as well.
constexpr std::array<std::string_view, 6> kCastEndings = {".to_q",     ".to_k",         ".to_v",
                                                          ".to_out.0", "ff.net.0.proj", "ff.net.2"};
constexpr std::array<std::string_view, 14> kBlockExclusions = {"patchify_proj",
                                                               "adaln_single",
                                                               "av_ca_video_scale_shift_adaln_single",
                                                               "av_ca_a2v_gate_adaln_single",
                                                               "caption_projection",
                                                               "proj_out",
                                                               "audio_patchify_proj",
                                                               "audio_adaln_single",
                                                               "av_ca_audio_scale_shift_adaln_single",
                                                               "av_ca_v2a_gate_adaln_single",
                                                               "audio_caption_projection",
                                                               "audio_proj_out",
                                                               "to_gate_logits",
                                                               "scale_shift_table"};

bool ends_as_cast(std::string_view name) {
  return std::any_of(kCastEndings.begin(), kCastEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

bool fp8_cast_key(std::string_view key) {
  if (!key.starts_with(kBlocks)) return false;
  for (const std::string_view kind : {".weight", ".bias"})
    if (key.ends_with(kind)) return ends_as_cast(key.substr(0, key.size() - kind.size()));
  return false;
}

bool fp8_cast_module(std::string_view module) {
  return contains(module, kBlocks) && ends_as_cast(module);
}

bool nvfp4_cast_module(std::string_view module) {
  const auto layer = block_layer(module);
  if (!layer) return false;
  auto suffix = layer->suffix;
  const auto compiled = kCompiled.substr(1);
  if (suffix.starts_with(compiled) && suffix.substr(compiled.size()).starts_with("."))
    suffix.remove_prefix(compiled.size() + 1);
  const auto& all = members(LayerSet::S12);
  return std::find(all.begin(), all.end(), suffix) != all.end();
}

bool block128_key(std::string_view key) {
  return key.starts_with(kBlocks) && key.ends_with(".weight") &&
         std::none_of(kBlockExclusions.begin(), kBlockExclusions.end(),
                      [&](std::string_view part) { return contains(key, part); });
}

bool stored_module(std::string_view module, const std::vector<std::string>& discovered) {
  return std::any_of(discovered.begin(), discovered.end(), [&](const std::string& path) {
    return path == module || (path.size() > module.size() && path.ends_with(module) &&
                              path[path.size() - module.size() - 1] == '.');
  });
}

bool takes(Kind kind, std::string_view layer) {
  switch (kind) {
    case Kind::Fp8Cast:
      return fp8_cast_module(layer);
    case Kind::Nvfp4Cast:
      return nvfp4_cast_module(layer);
    case Kind::Fp8Block128:
    case Kind::Fp6Block128:
      return block128_key(std::string(layer) + ".weight");
    default:
      return in_set(LayerSet::Auto, layer);
  }
}

}  // namespace reference

bool text_encoder_takes(std::string_view layer) {
  for (const std::string_view part : {"embed_tokens", "lm_head", "norm", "rotary_emb"})
    if (contains(layer, part)) return false;
  return !any_segment(layer, [](std::string_view segment) {
    return segment.starts_with("vision") || segment.starts_with("audio") || contains(segment, "vision_") ||
           contains(segment, "projector") || contains(segment, "connector") ||
           contains(segment, "aggregate_embed") || segment == "feature_extractor" ||
           segment == "text_embedding_projection" || segment == "embed_vision" || segment == "embed_audio";
  });
}

}  // namespace ltx::quant
