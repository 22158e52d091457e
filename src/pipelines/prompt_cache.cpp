#include "pipelines/prompt_cache.h"

#include <algorithm>

namespace ltx::pipelines {

const PromptContext* PromptCache::find(const std::string& text) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == text; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return &entries_.front().second;
}

void PromptCache::put(const std::string& text, const PromptContext& context) {
  if (capacity_ == 0 || find(text)) return;
  entries_.emplace_front(text, PromptContext{context.video.cpu(), context.audio.cpu()});
  if (entries_.size() > capacity_) entries_.pop_back();
}

}  // namespace ltx::pipelines
