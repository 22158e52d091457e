// Prompts to contexts: the text model first, then the embeddings; never both in memory in COLD mode (spec 07
// §5.7).
#pragma once
#include <string>
#include <vector>

#include "pipelines/components.h"
#include "pipelines/text_embeddings.h"

namespace ltx::pipelines {

class Observer;

/// One context per prompt, in order. `observer` may be null.
std::vector<PromptContext> encode_texts(const std::vector<std::string>& prompts, Components& components,
                                        Monitor& monitor, Observer* observer);

}  // namespace ltx::pipelines
