#include "weights/quant_markers.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace ltx::weights {
namespace {

using formats::Format;
using nlohmann::json;

constexpr int64_t kLargest = 1ll << 31;
constexpr int64_t kLargestRotation = 16384;  // that formats::rotate() knows

[[noreturn]] void reject(const std::string& source, std::string_view what, std::string_view expected,
                         const json& found) {
  fail(Status::Quant, "{}: {}: expected {}, found {}. Use an unmodified file.", source, what, expected,
       found.is_null() ? "nothing" : found.dump(-1, ' ', false, json::error_handler_t::replace));
}

json parse_object(std::string_view text, const std::string& source) {
  json value;
  std::string reason;
  if (!io::try_parse_json(text, value, reason))
    fail(Status::Quant,
         "{}: expected a JSON object, found text that is not JSON ({}). Use an unmodified file.", source,
         reason);
  if (!value.is_object()) reject(source, "marker", "a JSON object", value);
  return value;
}

/// A member of the object or, where some writers put it, of its object `params`.
const json& member(const json& object, const char* key) {
  static const json absent;
  if (const auto found = object.find(key); found != object.end()) return *found;
  const auto nested = object.find("params");
  if (nested == object.end() || !nested->is_object()) return absent;
  const auto found = nested->find(key);
  return found == nested->end() ? absent : *found;
}

bool flag(const json& object, const char* key, const std::string& source) {
  const json& value = member(object, key);
  if (value.is_null()) return false;
  if (!value.is_boolean()) reject(source, key, "true or false", value);
  return value.get<bool>();
}

std::optional<int64_t> positive(const json& value, const char* key, const std::string& source) {
  if (value.is_null()) return {};
  const double number = value.is_number() ? value.get<double>() : 0;
  if (!(number >= 1 && number <= kLargest) || number != static_cast<double>(static_cast<int64_t>(number)))
    reject(source, key, "a positive integer", value);
  return static_cast<int64_t>(number);
}

bool is_power_of_four(int64_t value) {
  while (value > 1 && value % 4 == 0) value /= 4;
  return value == 1;
}

/// The formats of spec 08 §16 and our own names (§17.1).
std::optional<Format> format_of(std::string_view name, std::string_view dtype) {
  if (name == "float8_e4m3fn") return dtype == "F8_E4M3" ? std::optional(Format::Fp8PerTensor) : std::nullopt;
  if (name == "float8_e5m2") return dtype == "F8_E5M2" ? std::optional(Format::Fp8PerTensor) : std::nullopt;
  if (name == "int8_tensorwise") return Format::Int8;
  for (const auto format :
       {Format::Fp8Unscaled, Format::Fp8PerTensor, Format::Fp8PerRow, Format::Mxfp8, Format::Fp8Block128,
        Format::Fp6Block128, Format::Nvfp4, Format::Int8, Format::Int4, Format::Nf4})
    if (formats::name_of(format) == name) return format;
  return {};
}

bool is_known(std::string_view name) {
  return format_of(name, "F8_E4M3") || format_of(name, "F8_E5M2");
}

}  // namespace

std::string_view marker_text(std::string_view bytes) {
  while (!bytes.empty() && bytes.back() == '\0') bytes.remove_suffix(1);
  return bytes;
}

Marker parse_marker(std::string_view text, std::string source) {
  const auto object = parse_object(text, source);
  return marker_of(object, std::move(source));
}

Marker marker_of(const json& entry, std::string source) {
  if (!entry.is_object()) reject(source, "marker", "a JSON object", entry);
  Marker marker;
  const json& format = member(entry, "format");
  if (!format.is_string()) reject(source, "format", "a name", format);
  marker.format = format.get<std::string>();
  if (!is_known(marker.format))
    fail(Status::Quant,
         "{}: format '{}' is not supported. Use a file in bf16, scaled fp8, mxfp8, nvfp4 or int8_tensorwise.",
         source, marker.format);
  marker.full_precision_matmul = flag(entry, "full_precision_matrix_mult", source);
  marker.group_size = positive(member(entry, "group_size"), "group_size", source);
  if (flag(entry, "convrot", source)) {
    marker.rotation = positive(member(entry, "convrot_groupsize"), "convrot_groupsize", source).value_or(256);
    if (marker.rotation < 4 || marker.rotation > kLargestRotation || !is_power_of_four(marker.rotation))
      reject(source, "convrot_groupsize", fmt::format("a power of 4 from 4 to {}", kLargestRotation),
             marker.rotation);
  }
  marker.source = std::move(source);
  return marker;
}

bool agrees(const Marker& marker, Format format, std::string_view dtype) {
  // ComfyUI's names of the element type stand for every granularity of the scale.
  if (marker.format == "float8_e4m3fn")
    return dtype == "F8_E4M3" &&
           (format == Format::Fp8PerTensor || format == Format::Fp8PerRow || format == Format::Fp8Block128);
  return format_of(marker.format, dtype) == format;
}

std::vector<NamedMarker> parse_quantization_metadata(std::string_view text, const std::string& source) {
  const auto object = parse_object(text, source);
  const auto layers = object.find("layers");
  if (layers == object.end() || !layers->is_object())
    reject(source, "layers", "an object", layers == object.end() ? json() : *layers);
  std::vector<NamedMarker> markers;
  for (const auto& [layer, entry] : layers->items())
    markers.push_back({layer, marker_of(entry, source + ": '" + layer + "'")});
  return markers;
}

std::optional<bool> parse_torchao_marker(std::string_view text, const std::string& source) {
  const auto object = parse_object(text, source);
  const json& value = member(object, "is_swizzled_scales");
  if (value.is_null()) return {};
  if (!value.is_boolean()) reject(source, "is_swizzled_scales", "true or false", value);
  return value.get<bool>();
}

Nf4State parse_nf4_state(std::string_view text, const std::string& source) {
  const auto object = parse_object(text, source);
  Nf4State state;
  const json& type = member(object, "quant_type");
  if (!type.is_string() || type.get<std::string>() != "nf4") reject(source, "quant_type", "\"nf4\"", type);
  const json& shape = member(object, "shape");
  if (!shape.is_array() || shape.size() != 2) reject(source, "shape", "two numbers", shape);
  state.rows = positive(shape[0], "shape", source).value_or(0);
  state.columns = positive(shape[1], "shape", source).value_or(0);
  if (state.rows == 0 || state.columns == 0) reject(source, "shape", "two numbers", shape);
  state.block = positive(member(object, "blocksize"), "blocksize", source).value_or(64);
  state.nested_block = positive(member(object, "nested_blocksize"), "nested_blocksize", source).value_or(256);
  const json& offset = member(object, "nested_offset");
  if (!offset.is_null()) {
    if (!offset.is_number() || std::abs(offset.get<double>()) > std::numeric_limits<float>::max())
      reject(source, "nested_offset", "a number that F32 holds", offset);
    state.nested_offset = offset.get<double>();
  }
  return state;
}

}  // namespace ltx::weights
