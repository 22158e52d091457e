// In which format a layer is stored, told by dtypes and companions (spec 08 §17).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "weights/store.h"

namespace ltx::weights {

struct QuantizedLayer {
  std::string name;  // without ".weight"
  std::string
      format;  // "fp8-per-tensor", "nvfp4", … (spec 08 §17.1); "unknown" where the dtypes fit no format
};

/// The quantized layers of a store, by name; empty for an ordinary file.
std::vector<QuantizedLayer> quantized_layers(const Store& store);

/// Format → number of layers, without the unquantized ones.
std::map<std::string, int64_t> count_formats(const std::vector<QuantizedLayer>& layers);

/// True for a tensor that only accompanies a quantized weight (scales, markers).
bool is_companion(std::string_view name);

}  // namespace ltx::weights
