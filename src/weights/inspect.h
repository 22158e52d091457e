// What a file or folder contains, as JSON: the basis of `ltx info`.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>

#include "weights/model_files.h"
#include "weights/stored_layers.h"

namespace ltx::weights {

/// One checkpoint file from its header alone: `kind`, `model_version`, `tensors`, `bytes`, `dtypes`,
/// `components` (each with tensors, bytes, dtypes and the members of describe(layers)), `unused` (belonging
/// to none), `metadata`, `config`, and for a LoRA its layers and ranks. `quantization_error` tells why
/// quantized layers cannot be read.
nlohmann::json inspect_file(const std::filesystem::path& path);

/// A file or a folder. A folder has `files`, `models` (the slots that a search fills), `missing` (components
/// no file holds) and `warnings`. Files that cannot be read are listed with `error`.
nlohmann::json inspect(const std::filesystem::path& path);

/// What spec 08 §17.1 reports of a layer: `format` and, where the format has them, `layout` ("NK", "KN"),
/// `nibble` ("hi", "lo"), `scale_layout` ("linear", "swizzled"), `input_scale`, `convrot` (group size).
nlohmann::json describe(const StoredLayer& layer);

/// `quantization` (format → number of layers), `quantization_policy`, `unquantized_layers` and, where some
/// are quantized, `quantization_attributes` (attribute → value → number) and `unquantized_blocks`.
nlohmann::json describe(const StoredLayers& layers);

/// The components that opened model files provide, with file, tensors, bytes, dtypes, quantization.
nlohmann::json describe(const ModelFiles& files);

}  // namespace ltx::weights
