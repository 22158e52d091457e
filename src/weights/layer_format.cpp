#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "formats/int4.h"
#include "weights/layer_facts.h"

namespace ltx::weights {

using formats::Format;

namespace {

// No extent of a model's tensor comes near it; products of two fit int64.
constexpr int64_t kLargestExtent = 1ll << 30;

bool is_byte(std::string_view dtype, std::string_view eight_bit_float) {
  return dtype == "U8" || dtype == eight_bit_float;
}

class FormatDecision {
 public:
  explicit FormatDecision(const LayerFacts& facts) : facts_(facts) {}

  void decide(StoredLayer& layer) const {
    const auto said = facts_.marker(layer);
    layer.format = format_of(layer, said);
    if (layer.companion("torchao_nvfp4") && layer.format != Format::Nvfp4)
      fail(Status::Quant, "{}: expected an NVFP4 layer, found {}. Use an unmodified file.",
           facts_.info(layer, "torchao_nvfp4")->source, describe(layer));
    if (said && !agrees(*said, layer.format, layer.dtype))
      fail(Status::Quant, "{}: '{}' contradicts the weight, which is {}: {}. Use an unmodified file.",
           said->source, said->format, describe(layer), facts_.weight(layer).source);
    if (!layer.quantized()) return;
    if (said) {
      layer.full_precision_matmul = said->full_precision_matmul;
      layer.rotation = said->rotation;
    }
    if (facts_.hints().full_precision_matmul && is_fp8(layer.dtype)) layer.full_precision_matmul = true;
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

 private:
  /// The table of spec 08 §17; shapes are told apart here and checked by finish().
  Format format_of(const StoredLayer& layer, const std::optional<Marker>& said) const {
    const auto* scale = facts_.info(layer, "weight_scale");
    if (is_fp8(layer.dtype)) return fp8_format(layer, scale, said);
    if (layer.dtype == "U8") {
      if (layer.companion("absmax") && layer.companion("quant_state")) return Format::Nf4;
      if (!scale || scale->shape.size() != 2) facts_.unknown(layer);
      if (layer.companion("weight_scale_2") && is_byte(scale->dtype, "F8_E4M3")) {
        facts_.allow(layer, {"weight_scale", "weight_scale_2", "torchao_nvfp4"});
        return Format::Nvfp4;
      }
      if (scale->dtype == "BF16") {
        facts_.allow(layer, {"weight_scale", "weight_zero"});
        return Format::Int4;
      }
      if (scale->dtype == "F32") {
        facts_.allow(layer, {"weight_scale"});
        return Format::Fp6Block128;
      }
      facts_.unknown(layer);
    }
    if (layer.dtype == "I8") {
      if (!scale || !is_float(scale->dtype)) facts_.unknown(layer);
      facts_.allow(layer, {"weight_scale"});
      return Format::Int8;
    }
    return Format::Unquantized;
  }

  Format fp8_format(const StoredLayer& layer, const TensorInfo* scale,
                    const std::optional<Marker>& said) const {
    if (!scale) {
      facts_.allow(layer, {});
      return Format::Fp8Unscaled;
    }
    facts_.allow(layer, {"weight_scale"});
    const bool e4m3 = layer.dtype == "F8_E4M3";
    if (is_byte(scale->dtype, "F8_E8M0") && scale->shape.size() == 2 && e4m3) return Format::Mxfp8;
    if (!is_float(scale->dtype)) facts_.unknown(layer);
    const int64_t rows = layer.rows(), columns = layer.columns();
    const auto& shape = scale->shape;
    const bool blocks =
        shape.size() == 2 && shape[0] == divided_up(rows, 128) && shape[1] == divided_up(columns, 128);
    const bool inverse_name = layer.companion("weight_scale")->ends_with("_inv");
    const bool per_row = e4m3 && !inverse_name && is_row_scale(shape, rows);
    // One value in one row fits every granularity, and all decode alike; a marker may name one.
    const auto called = [&](Format format) { return said && said->format == formats::name_of(format); };
    if (e4m3 && blocks &&
        (rows > 1 || element_count(*scale) > 1 || inverse_name || called(Format::Fp8Block128))) {
      refuse_turned_blocks(layer, *scale);
      return Format::Fp8Block128;
    }
    if (per_row && (rows > 1 || called(Format::Fp8PerRow))) return Format::Fp8PerRow;
    if (!inverse_name && element_count(*scale) == 1) return Format::Fp8PerTensor;
    facts_.wrong_scale(layer, *scale,
                       e4m3 && inverse_name
                           ? fmt::format("[{}, {}]", divided_up(rows, 128), divided_up(columns, 128))
                       : e4m3 ? fmt::format("one value, [{}] or [{}, {}]", rows, divided_up(rows, 128),
                                            divided_up(columns, 128))
                              : std::string("one value"));
  }

  /// Nothing says whether the scales of a transposed weight were transposed with it.
  void refuse_turned_blocks(const StoredLayer& layer, const TensorInfo& scale) const {
    if (layer.layout == StoredLayout::KN && element_count(scale) > 1)
      fail(Status::Quant,
           "{}: block scales of a weight that is stored [K, N] are ambiguous. Use a file that stores [N, K].",
           scale.source);
  }

  void finish_mxfp8(StoredLayer& layer) const {
    const auto expected = matrix_shape(layer, layer.shape[1], 32);
    if (layer.shape[1] % 32 != 0)
      fail(Status::TensorMismatch,
           "{}: expected a multiple of 32 columns for mxfp8, found {}. Use an unmodified file.",
           facts_.weight(layer).source, text_of(layer.shape));
    settle_scales(layer, layer.shape[0], layer.shape[1] / 32, {});
    layer.shape = expected;
  }

  void finish_nvfp4(StoredLayer& layer) const {
    const int64_t columns = 2 * layer.shape[1];
    const auto expected = matrix_shape(layer, columns, 16);
    if (columns % 16 != 0)
      fail(Status::TensorMismatch,
           "{}: expected a multiple of 16 columns for nvfp4, found {}. Use a file that leaves the layer in "
           "bf16.",
           facts_.weight(layer).source, columns);
    std::optional<bool> swizzled;
    const bool torchao = layer.companion("torchao_nvfp4") != nullptr;
    if (torchao) {
      swizzled = parse_torchao_marker(facts_.text(layer, "torchao_nvfp4"),
                                      facts_.info(layer, "torchao_nvfp4")->source);
      layer.nibble = NibbleOrder::Low;
    }
    layer.nibble = facts_.hints().overrides.nibble.value_or(layer.nibble);
    settle_scales(layer, layer.shape[0], columns / 16, swizzled);
    if (element_count(*facts_.info(layer, "weight_scale_2")) != 1 ||
        !is_float(facts_.info(layer, "weight_scale_2")->dtype))
      facts_.wrong_scale(layer, *facts_.info(layer, "weight_scale_2"), "one value");
    layer.shape = expected;
  }

  /// Linear [rows, blocks] or swizzled, by shape; where both fit, by the marker, the caller or the default.
  void settle_scales(StoredLayer& layer, int64_t rows, int64_t blocks, std::optional<bool> marked) const {
    const auto& scale = *facts_.info(layer, "weight_scale");
    const auto& shape = scale.shape;
    const auto expected = facts_.expected(layer);
    const int64_t least = expected ? expected->rows : rows;
    const bool linear = shape[1] == blocks && (shape[0] == rows || shape[0] == least);
    const bool padded = shape[1] == rounded_up(blocks, 4) && shape[0] % 128 == 0 && shape[0] >= least;
    // torchao's frame around the same bytes; without its marker nothing proves the order of the nibbles.
    const bool framed = marked.has_value() && shape[0] == 32 * divided_up(rows, 128) &&
                        shape[1] == 16 * divided_up(blocks, 4);
    if (!linear && !padded && !framed)
      facts_.wrong_scale(layer, scale,
                         fmt::format("[{}, {}] linear or [{}, {}] swizzled", least, blocks,
                                     rounded_up(least, 128), rounded_up(blocks, 4)));
    bool swizzled = padded || framed;
    std::optional<bool> wanted = marked;
    if (facts_.hints().overrides.scale_layout)
      wanted = *facts_.hints().overrides.scale_layout == ScaleLayout::Swizzled;
    if (wanted) {
      if (*wanted ? !swizzled : !linear)
        fail(Status::Quant, "{}: expected {} scales, found the shape {}. Use an unmodified file.",
             scale.source, *wanted ? "swizzled" : "linear", text_of(shape));
      swizzled = *wanted;
    }
    layer.scale_layout = swizzled ? ScaleLayout::Swizzled : ScaleLayout::Linear;
  }

  void finish_int8(StoredLayer& layer) const {
    if (const auto expected = facts_.expected(layer);
        expected && layer.shape != std::vector<int64_t>{expected->rows, expected->columns})
      facts_.unknown(layer, fmt::format("expected I8 [{}, {}]", expected->rows, expected->columns));
    const auto& scale = *facts_.info(layer, "weight_scale");
    const bool rows = is_row_scale(scale.shape, layer.rows());
    if (element_count(scale) != 1 && !rows)
      facts_.wrong_scale(layer, scale, fmt::format("one value or [{}]", layer.rows()));
    if (layer.rotation == 0) return;
    if (!rows || layer.columns() % layer.rotation != 0 || layer.shape.size() != 2)
      fail(Status::TensorMismatch,
           "{}: expected a scale per row and rows of a multiple of the rotation's {} elements, found {} and "
           "{}. Use an unmodified file.",
           facts_.weight(layer).source, layer.rotation, text_of(scale.shape), text_of(layer.shape));
  }

  void finish_int4(StoredLayer& layer, const std::optional<Marker>& said) const {
    layer.shape = exact_shape(layer, 2 * layer.shape[1]);
    const auto& scale = *facts_.info(layer, "weight_scale");
    const int64_t groups = scale.shape[1];
    if (scale.shape[0] != layer.rows() || groups == 0 || layer.columns() % groups != 0)
      facts_.wrong_scale(layer, scale, fmt::format("[{}, K/group]", layer.rows()));
    if (!formats::is_int4_group(layer.columns() / groups))
      fail(Status::TensorMismatch,
           "{}: expected groups of 32, 64, 128 or 256 elements for int4, found {} {} and thus {}. Use an "
           "unmodified file.",
           scale.source, scale.dtype, text_of(scale.shape), layer.columns() / groups);
    if (said && said->group_size && *said->group_size != layer.columns() / groups)
      fail(Status::Quant, "{}: group_size {} contradicts {} {}. Use an unmodified file.", said->source,
           *said->group_size, scale.source, text_of(scale.shape));
    if (const auto* zero = facts_.info(layer, "weight_zero");
        zero && (zero->shape != scale.shape || zero->dtype != "BF16"))
      facts_.wrong_scale(layer, *zero, fmt::format("BF16 {}", text_of(scale.shape)));
  }

  void finish_fp6(StoredLayer& layer) const {
    if (layer.shape[1] % 3 != 0) facts_.unknown(layer);
    layer.shape = exact_shape(layer, layer.shape[1] / 3 * 4);
    if (layer.rows() % 128 != 0 || layer.columns() % 128 != 0)
      fail(Status::TensorMismatch,
           "{}: expected multiples of 128 for fp6-block128, found {}. Use an unmodified file.",
           facts_.weight(layer).source, text_of(layer.shape));
    const auto& scale = *facts_.info(layer, "weight_scale");
    if (scale.shape != std::vector<int64_t>{layer.rows() / 128, layer.columns() / 128})
      facts_.wrong_scale(layer, scale, fmt::format("[{}, {}]", layer.rows() / 128, layer.columns() / 128));
  }

  void finish_nf4(StoredLayer& layer) const {
    facts_.allow(layer, {"absmax", "quant_state", "quant_map", "nested_absmax", "nested_quant_map"});
    layer.nf4 = parse_nf4_state(facts_.text(layer, "quant_state"), facts_.info(layer, "quant_state")->source);
    const auto [rows, columns] = std::pair(layer.nf4.rows, layer.nf4.columns);
    const auto packed = layer.shape;
    layer.shape = {rows, columns};
    if (rows > kLargestExtent || columns > kLargestExtent ||
        packed != std::vector<int64_t>{divided_up(rows * columns, 2), 1})
      fail(Status::TensorMismatch, "{}: expected [{}, 1] for nf4 of {}, found {}. Use an unmodified file.",
           facts_.weight(layer).source,
           divided_up(std::min(rows, kLargestExtent) * std::min(columns, kLargestExtent), 2),
           text_of(layer.shape), text_of(packed));
    if (const auto expected = facts_.expected(layer); expected && *expected != LinearShape{rows, columns})
      facts_.wrong_shape(layer, *expected, "");
    const int64_t blocks = divided_up(rows * columns, layer.nf4.block);
    const auto require = [&](std::string_view role, int64_t count, std::string_view dtype) {
      const auto* found = facts_.info(layer, role);
      if (!found)
        fail(Status::TensorMissing, "{}: nf4 needs '{}.weight.{}', which is missing. Use a complete file.",
             facts_.weight(layer).source, layer.name, role);
      if (element_count(*found) != count || found->dtype != dtype)
        facts_.wrong_scale(layer, *found, fmt::format("{} {}", count, dtype));
    };
    require("quant_map", 16, "F32");
    const bool nested = facts_.info(layer, "absmax")->dtype == "U8";
    require("absmax", blocks, nested ? "U8" : "F32");
    if (nested) {
      require("nested_absmax", divided_up(blocks, layer.nf4.nested_block), "F32");
      require("nested_quant_map", 256, "F32");
    }
  }

  /// [N, K] of a weight whose rows and columns may be padded to a multiple.
  std::vector<int64_t> matrix_shape(const StoredLayer& layer, int64_t columns, int64_t multiple) const {
    const auto expected = facts_.expected(layer);
    if (!expected) return {layer.shape[0], columns};
    const auto fits = [multiple](int64_t stored, int64_t logical) {
      return stored == logical || stored == rounded_up(logical, multiple);
    };
    if (!fits(layer.shape[0], expected->rows) || !fits(columns, expected->columns))
      fail(Status::TensorMismatch,
           "{}: expected a weight [{}, {}], perhaps padded to multiples of {}, found {} = [{}, {}]. The "
           "config "
           "of the file does not describe its weights.",
           facts_.weight(layer).source, expected->rows, expected->columns, multiple, text_of(layer.shape),
           layer.shape[0], columns);
    return {expected->rows, expected->columns};
  }

  std::vector<int64_t> exact_shape(const StoredLayer& layer, int64_t columns) const {
    const auto expected = facts_.expected(layer);
    if (expected && *expected != LinearShape{layer.shape[0], columns})
      facts_.wrong_shape(layer, *expected, "");
    return {layer.shape[0], columns};
  }

  std::string describe(const StoredLayer& layer) const {
    return layer.quantized() ? std::string(formats::name_of(layer.format)) + " of dtype " + layer.dtype
                             : "unquantized of dtype " + layer.dtype;
  }

  void check_activation_scales(const StoredLayer& layer) const {
    if (const auto* scale = facts_.info(layer, "input_scale");
        scale && (element_count(*scale) != 1 || !is_float(scale->dtype)))
      facts_.wrong_scale(layer, *scale, "one value");
    if (const auto* scale = facts_.info(layer, "pre_quant_scale");
        scale && (scale->shape.size() != 1 || !is_float(scale->dtype) || scale->shape[0] != layer.columns()))
      facts_.wrong_scale(layer, *scale, fmt::format("[{}]", layer.columns()));
  }

  const LayerFacts& facts_;
};

}  // namespace

void decide_format(StoredLayer& layer, const LayerFacts& facts) {
  FormatDecision(facts).decide(layer);
}

}  // namespace ltx::weights
