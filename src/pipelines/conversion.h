// `ltx convert`: the files of a model in other number formats.
#pragma once
#include "engine/engine.h"

namespace ltx::pipelines {

/// Converts the file of the transformer (or the whole checkpoint), and the text encoder where it has a policy
/// or is all there is. With one file to write `output_path` is its name; else, and with `split`, it is a
/// folder. Everything that can be refused is refused before the first file is written: outputs that exist or
/// coincide, model slots and LoRA fields that a conversion has no use for. Says what was done in log lines of
/// the level Info; with several files each is a stage of the progress.
void convert(const engine::ConvertParams& params, engine::Sink& sink);

}  // namespace ltx::pipelines
