// A prompt rewritten by a language model before it is encoded (spec 03 §8, 07 §5.7).
#pragma once
#include "engine/engine.h"
#include "pipelines/components.h"

namespace ltx::pipelines {

/// `enhance_seed` of the request; unset: the recipe's, which is the request's seed or a fixed one.
uint64_t enhancement_seed(engine::PipelineKind kind, const engine::Request& request);

struct Enhancement {
  engine::EnhancedPrompt prompt;
  /// The text encoder where that did the work, so that encoding need not load it again; else nullptr.
  Lease<text::TextEncoder> encoder;
};

/// Rewrites `request.prompt`, with a look at the first image where there is one. In COLD mode the image
/// tower, an enhancer of its own and the text encoder are never in memory together. Throws what
/// EnhancerFiles::require throws, before anything is loaded.
Enhancement enhance(const engine::Request& request, Components& components, Monitor& monitor);

}  // namespace ltx::pipelines
