#include "weights/component.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"

namespace ltx::weights {
namespace {

using Rename = std::function<std::string(std::string_view)>;

struct Naming {
  Component component;
  std::string_view name, section;
};

constexpr std::array<Naming, 10> kNames = {{
    {Component::Transformer, "transformer", "transformer"},
    {Component::Embeddings, "embeddings", "transformer"},
    {Component::VideoEncoder, "video_encoder", "vae"},
    {Component::VideoDecoder, "video_decoder", "vae"},
    {Component::AudioEncoder, "audio_encoder", "audio_vae"},
    {Component::AudioDecoder, "audio_decoder", "audio_vae"},
    {Component::Vocoder, "vocoder", "vocoder"},
    {Component::Upsampler, "upsampler", ""},
    {Component::DurationHead, "duration_head", "duration_head"},
    {Component::TextEncoder, "text_encoder", ""},
}};

bool any_starts_with(const io::TensorFile& file, std::string_view prefix) {
  const auto first = file.tensors().lower_bound(prefix);
  return first != file.tensors().end() && first->first.starts_with(prefix);
}

/// An ordered list "file prefix → component prefix"; the first that fits decides.
Rename replace_prefixes(std::vector<std::pair<std::string, std::string>> rules) {
  return [rules = std::move(rules)](std::string_view name) -> std::string {
    for (const auto& [from, to] : rules)
      if (name.starts_with(from)) return to + std::string(name.substr(from.size()));
    return "";
  };
}

constexpr std::string_view kVideoConnector = "video_embeddings_connector.",
                           kAudioConnector = "audio_embeddings_connector.",
                           kLegacyConnector = "embeddings_connector.";

Rename transformer_names(const io::TensorFile& file) {
  const auto prefix = transformer_prefix(file);
  if (!prefix.found) return [](std::string_view) { return std::string(); };
  return [text = prefix.text](std::string_view name) -> std::string {
    if (!name.starts_with(text)) return "";
    name.remove_prefix(text.size());
    // The connectors share the prefix; they are the embeddings' part and are never read for the transformer
    // (spec 01 §3.2).
    for (const auto other :
         {kVideoConnector, kAudioConnector, kLegacyConnector, std::string_view("duration_head.")})
      if (name.starts_with(other)) return "";
    // Without a prefix everything else in the file would count as the transformer's.
    if (text.empty())
      for (const std::string_view other : {"text_embedding_projection.", "vae.", "audio_vae.", "vocoder."})
        if (name.starts_with(other)) return "";
    return without_compiled_segment(name);
  };
}

Rename embeddings_names(const io::TensorFile& file) {
  std::vector<std::pair<std::string, std::string>> rules;
  for (const std::string prefix : {"model.diffusion_model.", "diffusion_model.", ""}) {
    rules.emplace_back(prefix + std::string(kVideoConnector), "video_connector.");
    rules.emplace_back(prefix + std::string(kAudioConnector), "audio_connector.");
    if (!any_starts_with(file, prefix + std::string(kVideoConnector)))
      rules.emplace_back(prefix + std::string(kLegacyConnector), "video_connector.");
  }
  for (const std::string part : {"aggregate_embed.", "video_aggregate_embed.", "audio_aggregate_embed."})
    for (const std::string prefix : {"text_embedding_projection.", ""})
      rules.emplace_back(prefix + part, "feature_extractor." + part);
  return replace_prefixes(std::move(rules));
}

/// "vae.encoder." or "encoder." plus the statistics of either spelling.
Rename video_names(const io::TensorFile& file, const std::string& half) {
  // A bare "encoder." in a file that also has "vae." belongs to somebody else.
  const std::string prefix = any_starts_with(file, "vae.") ? "vae." : "";
  return replace_prefixes(
      {{prefix + half, ""}, {prefix + "per_channel_statistics.", "per_channel_statistics."}});
}

Rename audio_names(const io::TensorFile& file, const std::string& half) {
  const std::string prefix = any_starts_with(file, "audio_vae.") ? "audio_vae." : "";
  return replace_prefixes(
      {{prefix + half, ""}, {prefix + "per_channel_statistics.", "per_channel_statistics."}});
}

Rename vocoder_names(const io::TensorFile& file) {
  // Removed exactly once: "vocoder.vocoder.conv_pre" is the inner generator. An extract without the outer
  // prefix shows itself by a generator part at the top.
  const bool bare = any_starts_with(file, "bwe_generator.") || any_starts_with(file, "conv_pre.");
  if (!bare) return replace_prefixes({{"vocoder.", ""}});
  return replace_prefixes({{"vocoder.", "vocoder."},
                           {"bwe_generator.", "bwe_generator."},
                           {"mel_stft.", "mel_stft."},
                           {"conv_pre.", "conv_pre."},
                           {"ups.", "ups."},
                           {"resblocks.", "resblocks."},
                           {"act_post.", "act_post."},
                           {"conv_post.", "conv_post."}});
}

Rename upsampler_names(const io::TensorFile&) {
  return [](std::string_view name) { return std::string(name); };
}

Rename text_names(const io::TensorFile& file) {
  // Flat Gemma 4 files and Hugging Face's spelling share the prefix "model." (spec 01 §3.2).
  const bool flat =
      file.find("model.layers.0.post_feedforward_layernorm.weight") != nullptr ||
      (any_starts_with(file, "model.layers.") && !any_starts_with(file, "model.language_model."));
  std::vector<std::pair<std::string, std::string>> rules;
  if (flat)
    rules = {{"model.layers.", "language_model.layers."},
             {"model.embed_tokens.", "language_model.embed_tokens."},
             {"model.norm.", "language_model.norm."},
             {"vision_model.", "vision_embedder."},
             {"multi_modal_projector.embedding_projection.", "vision_projection."},
             {"audio_projector.", "audio_projection."}};
  const std::vector<std::pair<std::string, std::string>> published = {
      {"language_model.model.", "language_model."},
      {"vision_tower.vision_model.", "vision_tower."},
      {"multi_modal_projector.", "projector."},
      {"model.language_model.", "language_model."},
      {"model.vision_tower.vision_model.", "vision_tower."},
      {"model.vision_tower.", "vision_tower."},
      {"model.audio_tower.", "audio_tower."},
      {"model.multi_modal_projector.", "projector."},
      {"model.vision_embedder.", "vision_embedder."},
      {"model.embed_vision.embedding_projection.", "vision_projection."},
      {"model.embed_vision.", "vision_projection."},
      {"model.embed_audio.", "audio_projection."}};
  rules.insert(rules.end(), published.begin(), published.end());
  return replace_prefixes(std::move(rules));
}

}  // namespace

std::string_view name_of(Component component) {
  for (const auto& naming : kNames)
    if (naming.component == component) return naming.name;
  return "?";
}

Component component_named(std::string_view name) {
  for (const auto& naming : kNames)
    if (naming.name == name) return naming.component;
  std::string known;
  for (const auto& naming : kNames) known += (known.empty() ? "" : ", ") + std::string(naming.name);
  fail(Status::InvalidArgument, "'{}' is not a component. Use one of {}.", name, known);
}

const std::vector<Component>& all_components() {
  static const std::vector<Component> components = [] {
    std::vector<Component> list;
    for (const auto& naming : kNames) list.push_back(naming.component);
    return list;
  }();
  return components;
}

std::string_view config_section(Component component) {
  for (const auto& naming : kNames)
    if (naming.component == component) return naming.section;
  return "";
}

std::string without_compiled_segment(std::string_view name) {
  constexpr std::string_view kSegment = "._orig_mod";
  std::string result(name);
  if (const auto at = result.find(kSegment); at != std::string::npos) result.erase(at, kSegment.size());
  return result;
}

Prefix transformer_prefix(const io::TensorFile& file) {
  for (const std::string prefix : {"model.diffusion_model.", "diffusion_model.", ""})
    for (const std::string_view sign : {"transformer_blocks.0.", "adaln_single.", "audio_adaln_single."})
      if (any_starts_with(file, prefix + std::string(sign))) return {true, prefix};
  return {};
}

Rename names_in(const io::TensorFile& file, Component component) {
  switch (component) {
    case Component::Transformer:
      return transformer_names(file);
    case Component::Embeddings:
      return embeddings_names(file);
    case Component::VideoEncoder:
      return video_names(file, "encoder.");
    case Component::VideoDecoder:
      return video_names(file, "decoder.");
    case Component::AudioEncoder:
      return audio_names(file, "encoder.");
    case Component::AudioDecoder:
      return audio_names(file, "decoder.");
    case Component::Vocoder:
      return vocoder_names(file);
    case Component::Upsampler:
      return upsampler_names(file);
    case Component::DurationHead:
      return replace_prefixes({{"duration_head.", ""}, {"model.diffusion_model.duration_head.", ""}});
    case Component::TextEncoder:
      return text_names(file);
  }
  return {};
}

}  // namespace ltx::weights
