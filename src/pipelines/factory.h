// The doors of this room to the C API: an engine for a set of parameters, and a file for a finished clip.
#pragma once
#include <memory>

#include "engine/engine.h"

namespace ltx::pipelines {

/// Reads file headers only. `params` has passed engine::check_built.
std::unique_ptr<engine::Engine> make_engine(const engine::PipelineParams& params);

/// Encodes and writes `clip` to `options.path`, which it validates first; needs no engine.
void save_clip(const engine::Clip& clip, const engine::OutputOptions& options, Monitor& monitor);

}  // namespace ltx::pipelines
