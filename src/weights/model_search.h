// Finding the files of a model in a folder by what they contain.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "weights/model_files.h"

namespace ltx::weights {

/// Fills the empty slots of `paths` from `paths.root`. Throws FileNotFound if the folder does not exist,
/// InvalidArgument where several files could fill a slot.
ModelPaths search_root(ModelPaths paths, std::optional<bool> distilled, std::vector<std::string>& warnings);

}  // namespace ltx::weights
