// Prompts to contexts: the text model first, then the embeddings; never both in memory in COLD mode (spec 07
// §5.7).
#pragma once
#include <string>
#include <vector>

#include "pipelines/components.h"
#include "pipelines/text_embeddings.h"

namespace ltx::pipelines {

class Observer;

/// One context per prompt, in order. `observer` may be null; `encoder` may be the text encoder where a caller
/// holds it already, and is let go of as soon as it has done its work.
std::vector<PromptContext> encode_texts(const std::vector<std::string>& prompts, Components& components,
                                        Monitor& monitor, Observer* observer,
                                        Lease<text::TextEncoder> encoder = nullptr);

}  // namespace ltx::pipelines
