#include "pipelines/audio_stream_store.h"

#include <algorithm>

namespace ltx::pipelines {
namespace {

bool is_of_audio(std::string_view name) {
  for (const std::string_view part :
       {"audio_attn1", "audio_attn2", "audio_ff", "audio_patchify", "audio_proj_out", "audio_adaln_single",
        "audio_prompt", "audio_scale_shift_table", "audio_caption_projection"})
    if (name.find(part) != std::string_view::npos) return true;
  return false;
}

}  // namespace

std::vector<std::string> AudioStreamStore::names() const {
  auto names = whole_->names();
  std::erase_if(names, [](const std::string& name) { return !is_of_audio(name); });
  return names;
}

const weights::TensorInfo* AudioStreamStore::find(std::string_view name) const {
  return is_of_audio(name) ? whole_->find(name) : nullptr;
}

}  // namespace ltx::pipelines
