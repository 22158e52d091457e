// What a file says in words about its quantized layers: JSON in small tensors and in the metadata (spec 08
// §10.2, §12.5, §16).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace ltx::weights {

/// A tensor `<layer>.comfy_quant` or an entry of `_quantization_metadata`.
struct Marker {
  std::string format;  // as spelled
  std::string source;  // for messages
  bool full_precision_matmul = false;
  int64_t rotation = 0;                         // of int8; 0: not rotated
  std::optional<int64_t> group_size;            // of int4
  bool operator==(const Marker& other) const {  // the same statement, wherever it stands
    return format == other.format && full_precision_matmul == other.full_precision_matmul &&
           rotation == other.rotation && group_size == other.group_size;
  }
};

/// The text of a marker tensor: without the NUL bytes that pad it; empty means absent.
std::string_view marker_text(std::string_view bytes);

/// Throws Quant (with `source`) for text that is no such marker, and for formats that are not read, naming
/// the format.
Marker parse_marker(std::string_view text, std::string source);
Marker marker_of(const nlohmann::json& entry, std::string source);

/// Whether a weight that dtypes and companions show to be in `format` is what the marker calls it.
bool agrees(const Marker& marker, formats::Format format, std::string_view dtype);

struct NamedMarker {
  std::string layer;  // as spelled by the file
  Marker marker;
};
/// The value of `_quantization_metadata`. Throws Quant.
std::vector<NamedMarker> parse_quantization_metadata(std::string_view text, const std::string& source);

/// `<layer>.torchao_nvfp4`: whether the block scales are swizzled, where it says so.
std::optional<bool> parse_torchao_marker(std::string_view text, const std::string& source);

/// `<layer>.weight.quant_state.bitsandbytes__nf4`.
struct Nf4State {
  int64_t rows = 0, columns = 0;
  int64_t block = 64;
  int64_t nested_block = 256;
  double nested_offset = 0;
};
Nf4State parse_nf4_state(std::string_view text, const std::string& source);

}  // namespace ltx::weights
