#include "weights/stored_layers.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace ltx::weights {

using formats::Format;

namespace {

// No extent of a model's tensor comes near it; products of two fit int64.
constexpr int64_t kLargestExtent = 1ll << 30;

/// Role and spelling of what may accompany `<layer>.weight`.
struct Role {
  std::string_view role, suffix;
};
constexpr std::array<Role, 17> kRoles = {{{"weight_scale", ".weight_scale"},
                                          {"weight_scale", ".scale_weight"},
                                          {"weight_scale", ".weight_scale_inv"},
                                          {"weight_scale_2", ".weight_scale_2"},
                                          {"weight_zero", ".weight_zero"},
                                          {"weight_global_scale", ".weight_global_scale"},
                                          {"input_scale", ".input_scale"},
                                          {"input_scale", ".scale_input"},
                                          {"pre_quant_scale", ".pre_quant_scale"},
                                          {"comfy_quant", ".comfy_quant"},
                                          {"torchao_nvfp4", ".torchao_nvfp4"},
                                          {"absmax", ".weight.absmax"},
                                          {"quant_map", ".weight.quant_map"},
                                          {"nested_absmax", ".weight.nested_absmax"},
                                          {"nested_quant_map", ".weight.nested_quant_map"},
                                          {"quant_state", ".weight.quant_state.bitsandbytes__nf4"},
                                          {"quant_state", ".weight.quant_state.bitsandbytes__fp4"}}};

bool is_fp8(std::string_view dtype) {
  return dtype == "F8_E4M3" || dtype == "F8_E5M2";
}
bool is_float(std::string_view dtype) {
  return dtype == "F32" || dtype == "BF16" || dtype == "F16";
}
bool is_byte(std::string_view dtype, std::string_view eight_bit_float) {
  return dtype == "U8" || dtype == eight_bit_float;
}

int64_t elements(const TensorInfo& info) {
  if (std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end()) return 0;
  int64_t count = 1;
  for (const auto extent : info.shape) count *= extent;
  return count;
}

int64_t rounded_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
int64_t divided_up(int64_t value, int64_t divisor) {
  return (value + divisor - 1) / divisor;
}

std::string text_of(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

int64_t StoredLayer::columns() const {
  int64_t count = shape.empty() ? 0 : 1;
  for (size_t i = 1; i < shape.size(); ++i) count *= shape[i];
  return count;
}

const std::string* StoredLayer::companion(std::string_view role) const {
  const auto found = companions.find(role);
  return found == companions.end() ? nullptr : &found->second;
}

/// Fills a StoredLayers in three passes: what each weight can be by its dtype and companions, which way the
/// file stores matrices, and what that makes of each layer.
class LayerDetector {
 public:
  LayerDetector(StoredLayers& result, const StoredHints& hints)
      : result_(result), files_(*result.files_), hints_(hints) {}

  void run() {
    for (auto& name : files_.names())
      if (name == "scaled_fp8" || name.ends_with(".scaled_fp8")) result_.hidden_.insert(name);
    for (const auto& name : files_.names())
      if (name.ends_with(".weight")) collect(name);
    settle_layout();
    for (auto& [name, layer] : result_.layers_) {
      if (!layer.ready) finish(layer);
      result_.quantized_ += layer.quantized();
    }
    check_metadata();
    collect_scaled_tensors();
    refuse_orphans();
  }

 private:
  const TensorInfo& weight(const StoredLayer& layer) const { return *files_.find(layer.name + ".weight"); }
  const TensorInfo* info(const StoredLayer& layer, std::string_view role) const {
    const auto* name = layer.companion(role);
    return name ? files_.find(*name) : nullptr;
  }
  std::string text(const StoredLayer& layer, std::string_view role) const {
    const auto bytes = files_.read(layer.companions.find(role)->second);
    return std::string(marker_text({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()}));
  }

  /// Pass 1. A matrix, or int8 of any rank from 2 on, is a layer; other ranks are plain tensors.
  void collect(const std::string& name) {
    const auto& found = *files_.find(name);
    StoredLayer layer;
    layer.name = name.substr(0, name.size() - std::string_view(".weight").size());
    layer.dtype = found.dtype;
    layer.shape = found.shape;
    const bool sized = std::all_of(found.shape.begin(), found.shape.end(),
                                   [](int64_t extent) { return extent >= 1 && extent <= kLargestExtent; });
    if (found.format != Format::Unquantized) {
      layer.format = found.format;
      layer.ready = true;
      result_.layers_[layer.name] = std::move(layer);
      return;
    }
    gather(layer);
    const bool codes = found.dtype == "U8" || found.dtype == "I8";
    const bool matrix = found.shape.size() == 2 || (found.dtype == "I8" && found.shape.size() > 2);
    if (!sized) {
      if (codes || is_fp8(found.dtype) || !layer.companions.empty()) unknown(layer);
      return;
    }
    if (matrix || codes) {
      if (!matrix) unknown(layer);
      result_.layers_[layer.name] = std::move(layer);
    } else if (!is_fp8(found.dtype)) {
      // A norm's or a convolution's weight in a dtype that networks compute in.
      check_unquantized(layer);
    }
  }

  void gather(StoredLayer& layer) {
    for (const auto& [role, suffix] : kRoles) {
      const auto name = layer.name + std::string(suffix);
      const auto* found = files_.find(name);
      if (!found) continue;
      if (!layer.companions.emplace(role, name).second)
        fail(Status::Quant, "{}: expected one {}, found '{}' too. Use an unmodified file.", found->source,
             role, layer.companions.find(role)->second);
      result_.hidden_.insert(name);
    }
    for (const std::string_view role : {"comfy_quant", "torchao_nvfp4", "quant_state"}) {
      if (const auto* marker = info(layer, role);
          marker && (marker->dtype != "U8" || marker->shape.size() != 1))
        fail(Status::Quant, "{}: expected the bytes of a JSON text, found {} {}. Use an unmodified file.",
             marker->source, marker->dtype, text_of(marker->shape));
    }
    if (layer.companion("comfy_quant") && text(layer, "comfy_quant").empty())
      layer.companions.erase("comfy_quant");
  }

  /// The words about a layer: the tensor beside it, else the metadata; both must say the same.
  std::optional<Marker> marker(const StoredLayer& layer) const {
    std::optional<Marker> own;
    if (layer.companion("comfy_quant"))
      own = parse_marker(text(layer, "comfy_quant"), info(layer, "comfy_quant")->source);
    const auto listed = hints_.metadata.find(layer.name);
    if (listed == hints_.metadata.end()) return own;
    if (!own) return listed->second;
    if (!(*own == listed->second))
      fail(Status::Quant, "{}: '{}' contradicts {}: '{}'. Use an unmodified file.", own->source, own->format,
           listed->second.source, listed->second.format);
    return own;
  }

  // ---- pass 2

  /// Codes of one byte per element, in the shape of the matrix.
  bool is_plain_fp8(const StoredLayer& layer) const {
    const auto* scale = info(layer, "weight_scale");
    return is_fp8(layer.dtype) && layer.shape.size() == 2 && (!scale || is_float(scale->dtype));
  }

  void settle_layout() {
    const StoredLayer *straight = nullptr, *turned = nullptr;
    for (const auto& [name, layer] : result_.layers_) {
      const auto expected = hints_.shapes.find(name);
      if (!expected || layer.ready || layer.shape.size() != 2) continue;
      const auto &rows = layer.shape[0], &columns = layer.shape[1];
      if (layer.dtype == "I8" && expected->rows != expected->columns && rows == expected->rows &&
          columns == expected->columns)
        straight = &layer;
      if (!is_plain_fp8(layer)) continue;
      const bool as_is = rows == expected->rows && columns == expected->columns;
      const bool swapped = rows == expected->columns && columns == expected->rows;
      if (!as_is && !swapped) wrong_shape(layer, *expected, " or its transpose");
      if (as_is && !swapped) straight = &layer;
      if (swapped && !as_is) turned = &layer;
    }
    if (straight && turned)
      fail(Status::Quant,
           "{}: stored {} = [N, K], but {}: stored {} = [K, N]. Weights of one file have one layout; use an "
           "unmodified file.",
           weight(*straight).source, text_of(straight->shape), weight(*turned).source,
           text_of(turned->shape));
    if (!turned) return;
    // Square layers, and those that the config does not name, follow the others (spec 08 §6.5).
    for (auto& [name, layer] : result_.layers_)
      if (!layer.ready && is_plain_fp8(layer)) {
        layer.layout = StoredLayout::KN;
        std::swap(layer.shape[0], layer.shape[1]);
      }
  }

  // ---- pass 3

  void finish(StoredLayer& layer) {
    const auto said = marker(layer);
    layer.format = format_of(layer, said);
    if (layer.companion("torchao_nvfp4") && layer.format != Format::Nvfp4)
      fail(Status::Quant, "{}: expected an NVFP4 layer, found {}. Use an unmodified file.",
           info(layer, "torchao_nvfp4")->source, describe(layer));
    if (said && !agrees(*said, layer.format, layer.dtype))
      fail(Status::Quant, "{}: '{}' contradicts the weight, which is {}: {}. Use an unmodified file.",
           said->source, said->format, describe(layer), weight(layer).source);
    if (!layer.quantized()) return check_unquantized(layer);
    if (said) {
      layer.full_precision_matmul = said->full_precision_matmul;
      layer.rotation = said->rotation;
    }
    if (hints_.full_precision_matmul && is_fp8(layer.dtype)) layer.full_precision_matmul = true;
    switch (layer.format) {
      case Format::Mxfp8:
        finish_mxfp8(layer);
        break;
      case Format::Nvfp4:
        finish_nvfp4(layer);
        break;
      case Format::Int8:
        finish_int8(layer);
        break;
      case Format::Int4:
        finish_int4(layer, said);
        break;
      case Format::Fp6Block128:
        finish_fp6(layer);
        break;
      case Format::Nf4:
        finish_nf4(layer);
        break;
      default:
        break;
    }
    if (layer.rotation > 0 && layer.format != Format::Int8)
      fail(Status::Quant, "{}: expected a rotation of int8 codes only, found {}. Use an unmodified file.",
           said->source, formats::name_of(layer.format));
    check_activation_scales(layer);
  }

  /// The table of spec 08 §17; shapes are told apart here and checked by finish().
  Format format_of(const StoredLayer& layer, const std::optional<Marker>& said) const {
    const auto* scale = info(layer, "weight_scale");
    if (is_fp8(layer.dtype)) return fp8_format(layer, scale, said);
    if (layer.dtype == "U8") {
      if (layer.companion("absmax") && layer.companion("quant_state")) return Format::Nf4;
      if (!scale || scale->shape.size() != 2) unknown(layer);
      if (layer.companion("weight_scale_2") && is_byte(scale->dtype, "F8_E4M3")) {
        allow(layer, {"weight_scale", "weight_scale_2", "torchao_nvfp4"});
        return Format::Nvfp4;
      }
      if (scale->dtype == "BF16") {
        allow(layer, {"weight_scale", "weight_zero"});
        return Format::Int4;
      }
      if (scale->dtype == "F32") {
        allow(layer, {"weight_scale"});
        return Format::Fp6Block128;
      }
      unknown(layer);
    }
    if (layer.dtype == "I8") {
      if (!scale || !is_float(scale->dtype)) unknown(layer);
      allow(layer, {"weight_scale"});
      return Format::Int8;
    }
    return Format::Unquantized;
  }

  Format fp8_format(const StoredLayer& layer, const TensorInfo* scale,
                    const std::optional<Marker>& said) const {
    if (!scale) {
      allow(layer, {});
      return Format::Fp8Unscaled;
    }
    allow(layer, {"weight_scale"});
    const bool e4m3 = layer.dtype == "F8_E4M3";
    if (is_byte(scale->dtype, "F8_E8M0") && scale->shape.size() == 2 && e4m3) return Format::Mxfp8;
    if (!is_float(scale->dtype)) unknown(layer);
    const int64_t rows = layer.rows(), columns = layer.columns();
    const auto& shape = scale->shape;
    const bool blocks =
        shape.size() == 2 && shape[0] == divided_up(rows, 128) && shape[1] == divided_up(columns, 128);
    const bool inverse_name = layer.companion("weight_scale")->ends_with("_inv");
    const bool per_row = e4m3 && !inverse_name && is_row_scale(shape, rows);
    // One value in one row fits every granularity, and all decode alike; a marker may name one.
    const auto called = [&](Format format) { return said && said->format == formats::name_of(format); };
    if (e4m3 && blocks && (rows > 1 || elements(*scale) > 1 || inverse_name || called(Format::Fp8Block128))) {
      refuse_turned_blocks(layer, *scale);
      return Format::Fp8Block128;
    }
    if (per_row && (rows > 1 || called(Format::Fp8PerRow))) return Format::Fp8PerRow;
    if (!inverse_name && elements(*scale) == 1) return Format::Fp8PerTensor;
    wrong_scale(layer, *scale,
                e4m3 && inverse_name
                    ? fmt::format("[{}, {}]", divided_up(rows, 128), divided_up(columns, 128))
                : e4m3 ? fmt::format("one value, [{}] or [{}, {}]", rows, divided_up(rows, 128),
                                     divided_up(columns, 128))
                       : std::string("one value"));
  }

  static bool is_row_scale(const std::vector<int64_t>& shape, int64_t rows) {
    return !shape.empty() && shape[0] == rows && (shape.size() == 1 || (shape.size() == 2 && shape[1] == 1));
  }

  /// Nothing says whether the scales of a transposed weight were transposed with it.
  void refuse_turned_blocks(const StoredLayer& layer, const TensorInfo& scale) const {
    if (layer.layout == StoredLayout::KN && elements(scale) > 1)
      fail(Status::Quant,
           "{}: block scales of a weight that is stored [K, N] are ambiguous. Use a file that stores [N, K].",
           scale.source);
  }

  void finish_mxfp8(StoredLayer& layer) const {
    const auto expected = matrix_shape(layer, layer.shape[1], 32);
    if (layer.shape[1] % 32 != 0)
      fail(Status::TensorMismatch,
           "{}: expected a multiple of 32 columns for mxfp8, found {}. Use an unmodified file.",
           weight(layer).source, text_of(layer.shape));
    settle_scales(layer, layer.shape[0], layer.shape[1] / 32, {});
    layer.shape = expected;
  }

  void finish_nvfp4(StoredLayer& layer) const {
    const int64_t columns = 2 * layer.shape[1];
    const auto expected = matrix_shape(layer, columns, 16);
    if (columns % 16 != 0)
      fail(Status::TensorMismatch,
           "{}: expected a multiple of 16 columns for nvfp4, found {}. Use an unmodified file.",
           weight(layer).source, columns);
    std::optional<bool> swizzled;
    const bool torchao = layer.companion("torchao_nvfp4") != nullptr;
    if (torchao) {
      swizzled = parse_torchao_marker(text(layer, "torchao_nvfp4"), info(layer, "torchao_nvfp4")->source);
      layer.nibble = NibbleOrder::Low;
    }
    layer.nibble = hints_.overrides.nibble.value_or(layer.nibble);
    settle_scales(layer, layer.shape[0], columns / 16, swizzled);
    if (elements(*info(layer, "weight_scale_2")) != 1 || !is_float(info(layer, "weight_scale_2")->dtype))
      wrong_scale(layer, *info(layer, "weight_scale_2"), "one value");
    layer.shape = expected;
  }

  /// Linear [rows, blocks] or swizzled, by shape; where both fit, by the marker, the caller or the default.
  void settle_scales(StoredLayer& layer, int64_t rows, int64_t blocks, std::optional<bool> marked) const {
    const auto& scale = *info(layer, "weight_scale");
    const auto& shape = scale.shape;
    const auto expected = hints_.shapes.find(layer.name);
    const int64_t least = expected ? expected->rows : rows;
    const bool linear = shape[1] == blocks && (shape[0] == rows || shape[0] == least);
    const bool padded = shape[1] == rounded_up(blocks, 4) && shape[0] % 128 == 0 && shape[0] >= least;
    // torchao's frame around the same bytes; without its marker nothing proves the order of the nibbles.
    const bool framed = marked.has_value() && shape[0] == 32 * divided_up(rows, 128) &&
                        shape[1] == 16 * divided_up(blocks, 4);
    if (!linear && !padded && !framed)
      wrong_scale(layer, scale,
                  fmt::format("[{}, {}] linear or [{}, {}] swizzled", least, blocks, rounded_up(least, 128),
                              rounded_up(blocks, 4)));
    bool swizzled = padded || framed;
    std::optional<bool> wanted = marked;
    if (hints_.overrides.scale_layout) wanted = *hints_.overrides.scale_layout == ScaleLayout::Swizzled;
    if (wanted) {
      if (*wanted ? !swizzled : !linear)
        fail(Status::Quant, "{}: expected {} scales, found the shape {}. Use an unmodified file.",
             scale.source, *wanted ? "swizzled" : "linear", text_of(shape));
      swizzled = *wanted;
    }
    layer.scale_layout = swizzled ? ScaleLayout::Swizzled : ScaleLayout::Linear;
  }

  void finish_int8(StoredLayer& layer) const {
    if (const auto expected = hints_.shapes.find(layer.name);
        expected && layer.shape != std::vector<int64_t>{expected->rows, expected->columns})
      unknown(layer, fmt::format("expected I8 [{}, {}]", expected->rows, expected->columns));
    const auto& scale = *info(layer, "weight_scale");
    const bool rows = is_row_scale(scale.shape, layer.rows());
    if (elements(scale) != 1 && !rows)
      wrong_scale(layer, scale, fmt::format("one value or [{}]", layer.rows()));
    if (layer.rotation == 0) return;
    if (!rows || layer.columns() % layer.rotation != 0 || layer.shape.size() != 2)
      fail(Status::TensorMismatch,
           "{}: expected a scale per row and rows of a multiple of the rotation's {} elements, found {} and "
           "{}. Use an unmodified file.",
           weight(layer).source, layer.rotation, text_of(scale.shape), text_of(layer.shape));
  }

  void finish_int4(StoredLayer& layer, const std::optional<Marker>& said) const {
    layer.shape = exact_shape(layer, 2 * layer.shape[1]);
    const auto& scale = *info(layer, "weight_scale");
    const int64_t groups = scale.shape[1];
    if (scale.shape[0] != layer.rows() || groups == 0 || layer.columns() % groups != 0)
      wrong_scale(layer, scale, fmt::format("[{}, K/group]", layer.rows()));
    if (said && said->group_size && *said->group_size != layer.columns() / groups)
      fail(Status::Quant, "{}: group_size {} contradicts {} {}. Use an unmodified file.", said->source,
           *said->group_size, scale.source, text_of(scale.shape));
    if (const auto* zero = info(layer, "weight_zero");
        zero && (zero->shape != scale.shape || zero->dtype != "BF16"))
      wrong_scale(layer, *zero, fmt::format("BF16 {}", text_of(scale.shape)));
  }

  void finish_fp6(StoredLayer& layer) const {
    if (layer.shape[1] % 3 != 0) unknown(layer);
    layer.shape = exact_shape(layer, layer.shape[1] / 3 * 4);
    if (layer.rows() % 128 != 0 || layer.columns() % 128 != 0)
      fail(Status::TensorMismatch,
           "{}: expected multiples of 128 for fp6-block128, found {}. Use an unmodified file.",
           weight(layer).source, text_of(layer.shape));
    const auto& scale = *info(layer, "weight_scale");
    if (scale.shape != std::vector<int64_t>{layer.rows() / 128, layer.columns() / 128})
      wrong_scale(layer, scale, fmt::format("[{}, {}]", layer.rows() / 128, layer.columns() / 128));
  }

  void finish_nf4(StoredLayer& layer) const {
    allow(layer, {"absmax", "quant_state", "quant_map", "nested_absmax", "nested_quant_map"});
    layer.nf4 = parse_nf4_state(text(layer, "quant_state"), info(layer, "quant_state")->source);
    const auto [rows, columns] = std::pair(layer.nf4.rows, layer.nf4.columns);
    const auto packed = layer.shape;
    layer.shape = {rows, columns};
    if (rows > kLargestExtent || columns > kLargestExtent ||
        packed != std::vector<int64_t>{divided_up(rows * columns, 2), 1})
      fail(Status::TensorMismatch, "{}: expected [{}, 1] for nf4 of {}, found {}. Use an unmodified file.",
           weight(layer).source,
           divided_up(std::min(rows, kLargestExtent) * std::min(columns, kLargestExtent), 2),
           text_of(layer.shape), text_of(packed));
    if (const auto expected = hints_.shapes.find(layer.name);
        expected && *expected != LinearShape{rows, columns})
      wrong_shape(layer, *expected, "");
    const int64_t blocks = divided_up(rows * columns, layer.nf4.block);
    const auto require = [&](std::string_view role, int64_t count, std::string_view dtype) {
      const auto* found = info(layer, role);
      if (!found)
        fail(Status::TensorMissing, "{}: nf4 needs '{}.weight.{}', which is missing. Use a complete file.",
             weight(layer).source, layer.name, role);
      if (elements(*found) != count || found->dtype != dtype)
        wrong_scale(layer, *found, fmt::format("{} {}", count, dtype));
    };
    require("quant_map", 16, "F32");
    const bool nested = info(layer, "absmax")->dtype == "U8";
    require("absmax", blocks, nested ? "U8" : "F32");
    if (nested) {
      require("nested_absmax", divided_up(blocks, layer.nf4.nested_block), "F32");
      require("nested_quant_map", 256, "F32");
    }
  }

  void check_activation_scales(const StoredLayer& layer) {
    if (const auto* scale = info(layer, "input_scale")) {
      if (layer.format == Format::Fp8Unscaled)
        result_.warnings_.push_back(
            fmt::format("{} stands beside a weight without a scale and is ignored", scale->source));
      else if (elements(*scale) != 1 || !is_float(scale->dtype))
        wrong_scale(layer, *scale, "one value");
    }
    if (const auto* scale = info(layer, "pre_quant_scale");
        scale && (scale->shape.size() != 1 || !is_float(scale->dtype) || scale->shape[0] != layer.columns()))
      wrong_scale(layer, *scale, fmt::format("[{}]", layer.columns()));
  }

  /// A weight in an ordinary dtype: nothing may say that it is quantized.
  void check_unquantized(StoredLayer& layer) {
    for (const auto& [role, name] : layer.companions) {
      if (role != "input_scale") unknown(layer);
      result_.warnings_.push_back(
          fmt::format("{} stands beside an unquantized weight and is ignored", files_.find(name)->source));
    }
  }

  /// [N, K] of a weight whose rows and columns may be padded to a multiple.
  std::vector<int64_t> matrix_shape(const StoredLayer& layer, int64_t columns, int64_t multiple) const {
    const auto expected = hints_.shapes.find(layer.name);
    if (!expected) return {layer.shape[0], columns};
    const auto fits = [multiple](int64_t stored, int64_t logical) {
      return stored == logical || stored == rounded_up(logical, multiple);
    };
    if (!fits(layer.shape[0], expected->rows) || !fits(columns, expected->columns))
      fail(Status::TensorMismatch,
           "{}: expected a weight [{}, {}], perhaps padded to multiples of {}, found {} = [{}, {}]. The "
           "config "
           "of the file does not describe its weights.",
           weight(layer).source, expected->rows, expected->columns, multiple, text_of(layer.shape),
           layer.shape[0], columns);
    return {expected->rows, expected->columns};
  }

  std::vector<int64_t> exact_shape(const StoredLayer& layer, int64_t columns) const {
    const auto expected = hints_.shapes.find(layer.name);
    if (expected && *expected != LinearShape{layer.shape[0], columns}) wrong_shape(layer, *expected, "");
    return {layer.shape[0], columns};
  }

  // ---- what is no layer's weight

  void collect_scaled_tensors() {
    for (const auto& name : files_.names()) {
      const auto& found = *files_.find(name);
      if (!is_fp8(found.dtype) || result_.hidden_.contains(name)) continue;
      const bool weight = name.ends_with(".weight");
      const auto layer = weight ? name.substr(0, name.size() - 7) : name;
      if (weight && result_.layers_.contains(layer)) continue;
      const TensorInfo* scale = files_.find(name + "_scale");
      auto scale_name = name + "_scale";
      if (!scale && weight) scale = files_.find(scale_name = layer + ".scale_weight");
      if (!scale) {
        result_.scaled_[name] = "";
        continue;
      }
      const auto rows = found.shape.empty() ? 1 : found.shape[0];
      const bool per_row = found.shape.size() >= 2 && is_row_scale(scale->shape, rows);
      if (!is_float(scale->dtype) || (elements(*scale) != 1 && !per_row))
        fail(Status::TensorMismatch, "{}: expected one value{}, found {} {}. Use an unmodified file.",
             scale->source, found.shape.size() >= 2 ? fmt::format(" or [{}]", rows) : "", scale->dtype,
             text_of(scale->shape));
      result_.scaled_[name] = scale_name;
      result_.hidden_.insert(scale_name);
    }
  }

  /// A companion whose weight is missing: the file is incomplete.
  void refuse_orphans() const {
    for (const auto& name : files_.names()) {
      if (result_.hidden_.contains(name)) continue;
      std::string_view suffix;
      for (const auto& role : kRoles)
        if (name.ends_with(role.suffix) && role.suffix.size() > suffix.size()) suffix = role.suffix;
      std::string missing = ".weight";
      if (suffix.empty() && name.ends_with(".bias_scale")) suffix = ".bias_scale", missing = ".bias";
      if (suffix.empty()) continue;
      const auto layer = name.substr(0, name.size() - suffix.size());
      const auto* found = files_.find(layer + missing);
      if (!found)
        fail(Status::TensorMissing,
             "{}: the tensor '{}{}' that it belongs to is missing. Use a complete file.",
             files_.find(name)->source, layer, missing);
      fail(Status::Quant, "{}: expected no scale beside {} of dtype {}. Use an unmodified file.",
           files_.find(name)->source, found->source, found->dtype);
    }
  }

  void check_metadata() {
    for (const auto& [layer, said] : hints_.metadata) {
      if (result_.layers_.contains(layer)) continue;  // compared by finish()
      const auto* found = files_.find(layer + ".weight");
      if (!found) {
        result_.warnings_.push_back(said.source + " names a layer that the file does not have");
      } else if (!is_fp8(found->dtype) || !agrees(said, Format::Fp8PerTensor, found->dtype)) {
        fail(Status::Quant, "{}: '{}' contradicts the weight: {} of dtype {}. Use an unmodified file.",
             said.source, said.format, found->source, found->dtype);
      }
    }
  }

  // ---- refusals

  std::string describe(const StoredLayer& layer) const {
    return layer.quantized() ? std::string(formats::name_of(layer.format)) + " of dtype " + layer.dtype
                             : "unquantized of dtype " + layer.dtype;
  }

  /// Companions of a format, besides those that any may have.
  void allow(const StoredLayer& layer, std::initializer_list<std::string_view> roles) const {
    for (const auto& [role, name] : layer.companions)
      if (role != "input_scale" && role != "pre_quant_scale" && role != "comfy_quant" &&
          role != "torchao_nvfp4" && std::find(roles.begin(), roles.end(), role) == roles.end())
        unknown(layer);
  }

  [[noreturn]] void unknown(const StoredLayer& layer, const std::string& detail = {}) const {
    const auto& found = weight(layer);
    std::string keys;
    for (const auto& [role, name] : layer.companions)
      keys += fmt::format("{} '{}' {} {}", keys.empty() ? "" : ",", name, files_.find(name)->dtype,
                          text_of(files_.find(name)->shape));
    fail(Status::Quant,
         "{}: unknown quantized layer: '{}.weight' {} {} with{}{}. Use the bf16 file of the model, or one in "
         "scaled fp8, mxfp8, nvfp4 or int8.",
         found.source, layer.name, found.dtype, text_of(found.shape),
         keys.empty() ? std::string(" no scale") : keys, detail.empty() ? "" : "; " + detail);
  }

  [[noreturn]] void wrong_shape(const StoredLayer& layer, const LinearShape& expected,
                                std::string_view or_else) const {
    fail(Status::TensorMismatch,
         "{}: expected shape [{}, {}]{}, found {}. The config of the file does not describe its weights.",
         weight(layer).source, expected.rows, expected.columns, or_else, text_of(layer.shape));
  }

  [[noreturn]] void wrong_scale(const StoredLayer& layer, const TensorInfo& scale,
                                std::string_view expected) const {
    fail(Status::TensorMismatch, "{}: expected {} for a weight {}, found {} {}. Use an unmodified file.",
         scale.source, expected, text_of(layer.shape), scale.dtype, text_of(scale.shape));
  }

  StoredLayers& result_;
  const Store& files_;
  const StoredHints& hints_;
};

StoredLayers::StoredLayers(std::shared_ptr<const Store> files, StoredHints hints) : files_(std::move(files)) {
  LayerDetector(*this, hints).run();
}

const StoredLayer* StoredLayers::find(std::string_view layer) const {
  const auto found = layers_.find(layer);
  return found == layers_.end() ? nullptr : &found->second;
}

std::map<std::string, int64_t> StoredLayers::counts() const {
  std::map<std::string, int64_t> counts;
  for (const auto& [name, layer] : layers_) ++counts[std::string(formats::name_of(layer.format))];
  return counts;
}

std::string StoredLayers::policy() const {
  std::set<Format> found;
  for (const auto& [name, layer] : layers_)
    if (layer.quantized()) found.insert(layer.format);
  if (found.empty()) return "none";
  const bool gguf = std::all_of(found.begin(), found.end(), formats::is_gguf);
  if (found.size() > 1 && !gguf) return "mixed";
  switch (*found.begin()) {
    case Format::Fp8Unscaled:
      return "fp8-cast";
    case Format::Fp8PerTensor:
      return "fp8-scaled-mm";
    case Format::Fp8PerRow:
      return "fp8-dynamic";
    case Format::Nvfp4:
      return "nvfp4-prequant";
    default:
      return gguf ? "gguf" : std::string(formats::name_of(*found.begin()));
  }
}

}  // namespace ltx::weights
