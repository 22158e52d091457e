// Encoded prompts of earlier calls, in host memory: the same text is not encoded twice.
#pragma once
#include <list>
#include <string>
#include <utility>

#include "pipelines/text_embeddings.h"

namespace ltx::pipelines {

class PromptCache {
 public:
  explicit PromptCache(size_t capacity) : capacity_(capacity) {}

  /// nullptr where the text is not known. The result lives until the next call of put().
  const PromptContext* find(const std::string& text);
  /// The least recently used entry makes room. Does nothing with a capacity of 0.
  void put(const std::string& text, const PromptContext& context);
  void clear() { entries_.clear(); }

 private:
  size_t capacity_;
  std::list<std::pair<std::string, PromptContext>> entries_;  // most recently used first
};

}  // namespace ltx::pipelines
