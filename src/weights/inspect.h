// What a file or folder contains, as JSON: the basis of `ltx info`.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

#include "weights/model_files.h"

namespace ltx::weights {

/// One checkpoint file from its header alone: `kind`, `model_version`, `tensors`, `bytes`, `dtypes`,
/// `components` (each with tensors, bytes, dtypes, quantization), `unused` (belonging to none), `metadata`,
/// `config`, and for a LoRA its layers and ranks.
nlohmann::json inspect_file(const std::filesystem::path& path);

/// A file or a folder. A folder has `files`, `models` (the slots that a search fills), `missing` (components
/// no file holds) and `warnings`. Files that cannot be read are listed with `error`.
nlohmann::json inspect(const std::filesystem::path& path);

/// The components that opened model files provide, with file, tensors, bytes, dtypes, quantization.
nlohmann::json describe(const ModelFiles& files);

}  // namespace ltx::weights
