// What a file is, told by its tensor names (spec 01 §6.6).
#pragma once
#include <string>
#include <string_view>

#include "io/safetensors.h"

namespace ltx::weights {

enum class FileKind {
  Lora,
  PackedTextEncoder,
  Monolith,
  Transformer,
  DiffusionVideoVae,
  VideoVae,
  AudioVae,
  Vocoder,
  Upsampler,
  DurationHead,
  PromptEmbeddings,
  TextEncoderShard,
  TextProjections,
  Unknown,
};

/// "LoRA", "monolithic checkpoint", … for messages and reports.
std::string_view name_of(FileKind kind);

FileKind classify(const io::TensorFile& file);

/// True for an upsampler of the frame rate, false for one of the picture.
bool is_temporal_upsampler(const io::TensorFile& file);

/// True if the file's name says that the model is distilled; nothing inside a file does (spec 01 §6.5).
bool name_suggests_distilled(const std::filesystem::path& path);

}  // namespace ltx::weights
