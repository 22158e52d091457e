#include "pipelines/text_embeddings.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "io/safetensors.h"
#include "io/safetensors_writer.h"
#include "weights/store.h"

namespace ltx::pipelines {
namespace {

constexpr const char* kFormat = "ltx-text-embeddings-1";

std::string name_of(bool positive, bool video) {
  return std::string(positive ? "positive." : "negative.") + (video ? "video" : "audio");
}

/// One stored dtype per file: what the run computed in.
const char* dtype_name(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat ? "F32" : "BF16";
}

}  // namespace

void write_text_embeddings(const std::string& path, const PromptContexts& contexts,
                           const std::string& model_version) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const auto add = [&](bool positive, const PromptContext& context) {
    tensors.emplace_back(name_of(positive, true), context.video.cpu().contiguous());
    tensors.emplace_back(name_of(positive, false), context.audio.cpu().contiguous());
  };
  add(true, contexts.positive);
  if (contexts.negative) add(false, *contexts.negative);
  std::vector<io::TensorDeclaration> declarations;
  for (const auto& [name, tensor] : tensors)
    declarations.push_back({name, dtype_name(tensor), tensor.sizes().vec()});
  io::SafetensorsWriter writer(path, declarations, {{"format", kFormat}, {"model_version", model_version}});
  for (const auto& [name, tensor] : tensors)
    writer.write(name, {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()});
  writer.commit();
}

void check_text_embeddings(const std::string& path, bool guided, int64_t video_width, int64_t audio_width) {
  const io::TensorFile file(path);
  const auto format = file.metadata().find("format");
  if (format == file.metadata().end() || format->second != kFormat)
    fail(Status::FileFormat,
         "'{}': expected metadata format '{}', found '{}'. Write the file with ltx_encode_text.", path,
         kFormat, format == file.metadata().end() ? "" : format->second);
  for (const bool positive : {true, false})
    for (const bool video : {true, false}) {
      if (!positive && !guided) continue;
      const auto name = name_of(positive, video);
      const auto* entry = file.find(name);
      if (!entry)
        fail(Status::TensorMissing,
             "'{}': tensor '{}' is missing. Encode the text again with a pipeline of this recipe.", path,
             name);
      const int64_t width = video ? video_width : audio_width;
      if (entry->shape.size() != 3 || entry->shape[0] != 1 || entry->shape[1] < 1 ||
          (width != 0 && entry->shape[2] != width) || (entry->dtype != "BF16" && entry->dtype != "F32"))
        fail(Status::TensorMismatch,
             "'{}': tensor '{}' is {} [{}], expected BF16 or F32 [1, T, {}]. Encode the text again with this "
             "model.",
             path, name, entry->dtype, fmt::join(entry->shape, ", "), width);
    }
}

PromptContexts read_text_embeddings(const std::string& path, bool guided) {
  const weights::FileStore store(std::vector<std::string>{path});
  const auto read = [&](bool positive) {
    return PromptContext{store.read(name_of(positive, true)).clone(),
                         store.read(name_of(positive, false)).clone()};
  };
  PromptContexts contexts{read(true), std::nullopt};
  if (guided) contexts.negative = read(false);
  return contexts;
}

}  // namespace ltx::pipelines
