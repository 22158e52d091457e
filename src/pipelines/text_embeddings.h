// A file of encoded prompts: what ltx_encode_text writes and `text_embeddings` of a request names.
#pragma once
#include <ATen/ATen.h>

#include <optional>
#include <string>

namespace ltx::pipelines {

/// The text of one prompt as the transformer reads it; [1, 1024, D] each.
struct PromptContext {
  at::Tensor video, audio;
};

struct PromptContexts {
  PromptContext positive;
  std::optional<PromptContext> negative;
};

/// A safetensors file with `positive.video`, `positive.audio` and, for guided recipes, `negative.*`; written
/// whole or not at all.
void write_text_embeddings(const std::string& path, const PromptContexts& contexts,
                           const std::string& model_version);

/// Header check only; the widths are those that the transformer reads, 0 where it has no such stream. Throws
/// FileFormat for another kind of file, TensorMissing if a guided recipe finds no negative prompt,
/// TensorMismatch for another model's text.
void check_text_embeddings(const std::string& path, bool guided, int64_t video_width, int64_t audio_width);

/// On the CPU in the stored dtype.
PromptContexts read_text_embeddings(const std::string& path, bool guided);

}  // namespace ltx::pipelines
