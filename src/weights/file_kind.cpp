#include "weights/file_kind.h"

#include <algorithm>

#include "weights/component.h"
#include "weights/lora_keys.h"
#include "weights/metadata.h"

namespace ltx::weights {
namespace {

bool any_starts_with(const io::TensorFile& file, std::string_view prefix) {
  const auto first = file.tensors().lower_bound(prefix);
  return first != file.tensors().end() && first->first.starts_with(prefix);
}

bool has(const io::TensorFile& file, std::string_view name) {
  return file.find(name) != nullptr;
}

size_t rank_of(const io::TensorFile& file, std::string_view name) {
  const auto* entry = file.find(name);
  return entry ? entry->shape.size() : 0;
}

}  // namespace

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::Lora:
      return "LoRA";
    case FileKind::PackedTextEncoder:
      return "packed text encoder";
    case FileKind::Monolith:
      return "monolithic checkpoint";
    case FileKind::Transformer:
      return "transformer";
    case FileKind::DiffusionVideoVae:
      return "diffusion video VAE";
    case FileKind::VideoVae:
      return "video VAE";
    case FileKind::AudioVae:
      return "audio VAE";
    case FileKind::Vocoder:
      return "vocoder";
    case FileKind::Upsampler:
      return "latent upsampler";
    case FileKind::DurationHead:
      return "duration head";
    case FileKind::PromptEmbeddings:
      return "prompt embeddings";
    case FileKind::TextEncoderShard:
      return "text encoder weights";
    case FileKind::TextProjections:
      return "text projections";
    case FileKind::Unknown:
      break;
  }
  return "unknown";
}

FileKind classify(const io::TensorFile& file) {
  // A lone ".alpha" proves nothing: activations have parameters of that name.
  for (const auto& [name, entry] : file.tensors())
    if (const auto part = read_lora_key(name).part; part != LoraPart::None && part != LoraPart::Alpha)
      return FileKind::Lora;
  if (has(file, "tokenizer_json") || file.metadata().contains("gemma_config"))
    return FileKind::PackedTextEncoder;
  if (transformer_prefix(file).found) {
    const bool more = any_starts_with(file, "vae.") || any_starts_with(file, "audio_vae.");
    return more ? FileKind::Monolith : FileKind::Transformer;
  }
  for (const std::string prefix : {"vae.", ""}) {
    if (has(file, prefix + "decoder.conv_in_x_t.weight")) return FileKind::DiffusionVideoVae;
    if (rank_of(file, prefix + "decoder.conv_in.conv.weight") == 5 ||
        rank_of(file, prefix + "encoder.conv_in.conv.weight") == 5)
      return FileKind::VideoVae;
  }
  for (const std::string prefix : {"audio_vae.", ""})
    if (rank_of(file, prefix + "decoder.conv_in.conv.weight") == 4 ||
        rank_of(file, prefix + "encoder.conv_in.conv.weight") == 4)
      return FileKind::AudioVae;
  if (has(file, "vocoder.conv_pre.weight") || has(file, "vocoder.vocoder.conv_pre.weight") ||
      has(file, "conv_pre.weight"))
    return FileKind::Vocoder;
  if (has(file, "upsampler.0.weight") || has(file, "upsampler.conv.weight")) return FileKind::Upsampler;
  if (has(file, "duration_head.attention_pooler.query_tokens")) return FileKind::DurationHead;
  if (has(file, "video_context") && has(file, "audio_context")) return FileKind::PromptEmbeddings;
  for (const auto* prefix : {"model.layers.", "language_model.model.", "model.language_model."})
    if (any_starts_with(file, prefix)) return FileKind::TextEncoderShard;
  if (any_starts_with(file, "text_embedding_projection.")) return FileKind::TextProjections;
  return FileKind::Unknown;
}

bool is_temporal_upsampler(const io::TensorFile& file) {
  const auto config = Metadata(file.metadata(), file.path().string()).config();
  if (const auto found = config.find("temporal_upsample"); found != config.end() && found->is_boolean())
    return found->get<bool>();
  return rank_of(file, "upsampler.0.weight") == 5;
}

bool name_suggests_distilled(const std::filesystem::path& path) {
  return path.filename().string().find("distilled") != std::string::npos;
}

}  // namespace ltx::weights
