// `ltx convert`: the files of a model in other number formats.
#pragma once
#include "engine/engine.h"

namespace ltx::pipelines {

/// Converts the file of the transformer (or the whole checkpoint), and the text encoder where it has a policy
/// or is all there is. With one file to write `output_path` is its name; else, and with `split`, it is a
/// folder. Says what was done in log lines of the level Info.
void convert(const engine::ConvertParams& params, engine::Sink& sink);

}  // namespace ltx::pipelines
