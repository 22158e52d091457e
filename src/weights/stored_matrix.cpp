// Reading of quantized layers: whatever the layout of the file, the result has that of formats::Matrix.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "formats/nf4.h"
#include "formats/nibbles.h"
#include "formats/scale_swizzle.h"
#include "weights/stored_layers.h"

namespace ltx::weights {

using formats::Format;

namespace {

/// What fp32 scales may be.
enum class Allow { Positive, NotNegative, Finite };

bool is_allowed(float value, Allow allow) {
  if (!std::isfinite(value)) return false;
  return allow == Allow::Finite || (allow == Allow::NotNegative ? value >= 0 : value > 0);
}

/// One layer's tensors on their way into memory. What was read is handed back to the file at the end.
class LayerReader {
 public:
  LayerReader(const Store& files, const StoredLayer& layer) : files_(files), layer_(layer) {}
  ~LayerReader() {
    files_.release(weight_name());
    for (const auto& [role, name] : layer_.companions) files_.release(name);
  }
  LayerReader(const LayerReader&) = delete;
  LayerReader& operator=(const LayerReader&) = delete;

  StoredMatrix read(bool owned) const {
    StoredMatrix result;
    auto& m = result.matrix;
    m.format = layer_.format;
    m.rows = layer_.rows();
    m.columns = layer_.columns();
    m.rotation = layer_.rotation;
    auto codes = files_.read(weight_name());
    const auto mapped = codes;
    switch (layer_.format) {
      case Format::Mxfp8:
        codes = mxfp8_codes(codes);
        m.scale = block_scales(codes.size(1) / 32, true);
        break;
      case Format::Nvfp4:
        // With the columns that fill the last block up.
        codes = codes.narrow(0, 0, m.rows).narrow(1, 0, (m.columns + 15) / 16 * 8);
        if (layer_.nibble == NibbleOrder::Low) codes = formats::swap_nibbles(codes);
        m.scale = block_scales(codes.size(1) / 8, false);
        m.scale_2 = nvfp4_tensor_scale(m.scale);
        break;
      case Format::Int4:
        m.scale = int4_group_values("weight_scale", Allow::Positive);
        if (layer_.companion("weight_zero")) m.zero = int4_group_values("weight_zero", Allow::Finite);
        break;
      case Format::Nf4:
        read_nf4(m);
        codes = codes.flatten();
        break;
      case Format::Fp6Block128:
        m.scale = scales();
        break;
      default:
        if (layer_.layout == StoredLayout::KN) codes = codes.t();
        codes = codes.reshape({m.rows, m.columns});
        if (layer_.companion("weight_scale")) m.scale = scales();
        break;
    }
    m.codes = codes.contiguous();
    if (owned && m.codes.is_alias_of(mapped)) m.codes = m.codes.clone();
    read_activation_scales(result);
    return result;
  }

 private:
  std::string weight_name() const { return layer_.name + ".weight"; }
  const TensorInfo& info(std::string_view role) const { return *files_.find(*layer_.companion(role)); }
  at::Tensor raw(std::string_view role) const { return files_.read(*layer_.companion(role)); }

  /// In fp32 and memory of its own, checked.
  at::Tensor values(std::string_view role, Allow allow) const {
    const auto stored = raw(role);
    auto result = stored.to(at::kFloat).contiguous();
    if (result.is_alias_of(stored)) result = result.clone();
    const auto* data = result.const_data_ptr<float>();
    int64_t bad = 0, first = -1;
    for (int64_t i = 0; i < result.numel(); ++i)
      if (!is_allowed(data[i], allow) && bad++ == 0) first = i;
    if (bad > 0)
      fail(Status::Quant,
           "{}: expected finite{} scales, found {} at element {}, {} such values in all. Download the file "
           "again.",
           info(role).source,
           allow == Allow::Positive      ? " and positive"
           : allow == Allow::NotNegative ? " and not negative"
                                         : "",
           data[first], first, bad);
    return result;
  }

  at::Tensor scalar(std::string_view role, Allow allow) const { return values(role, allow).reshape({}); }

  /// F32 [], [N] or [⌈N/128⌉, ⌈K/128⌉] by format.
  at::Tensor scales() const {
    auto scale = values("weight_scale", Allow::Positive);
    if (layer_.format == Format::Fp8PerTensor) return scale.reshape({});
    if (layer_.format == Format::Int8 && scale.numel() == 1 && layer_.rows() != 1) return scale.reshape({});
    return layer_.format == Format::Fp8PerRow || layer_.format == Format::Int8 ? scale.flatten() : scale;
  }

  /// The group scales stay in their dtype: the codes were chosen for the rounded values.
  at::Tensor int4_group_values(std::string_view role, Allow allow) const {
    values(role, allow);
    return raw(role).clone();
  }

  at::Tensor mxfp8_codes(const at::Tensor& stored) const {
    const int64_t columns = (layer_.columns() + 31) / 32 * 32, padding = columns - layer_.columns();
    auto codes = stored.narrow(0, 0, layer_.rows()).narrow(1, 0, columns);
    if (padding == 0) return codes;
    codes = codes.clone();
    codes.view(at::kByte).narrow(1, layer_.columns(), padding).zero_();
    return codes;
  }

  /// U8 [N, blocks], linear. NaN is refused in the padding too: no encoder writes it there.
  at::Tensor block_scales(int64_t blocks, bool e8m0) const {
    const auto stored = raw("weight_scale").view(at::kByte).contiguous();
    require_bytes(stored, "NaN", [e8m0](uint8_t b) { return e8m0 ? b == 0xFF : (b & 0x7F) == 0x7F; });
    auto scale = layer_.scale_layout == ScaleLayout::Swizzled
                     ? formats::unswizzle_scales(stored, layer_.rows(), blocks)
                     : stored.narrow(0, 0, layer_.rows()).clone();
    scale = scale.contiguous();
    if (!e8m0) require_bytes(scale, "a sign", [](uint8_t b) { return b > 0x80; });
    return scale;
  }

  template <class Bad>
  void require_bytes(const at::Tensor& scales, std::string_view what, Bad bad) const {
    const auto* begin = scales.const_data_ptr<uint8_t>();
    const auto count = std::count_if(begin, begin + scales.numel(), bad);
    if (count == 0) return;
    fail(
        Status::Quant,
        "{}: expected positive numbers, found {} block scales with {}, the first 0x{:02X}. Download the file "
        "again.",
        info("weight_scale").source, count, what, *std::find_if(begin, begin + scales.numel(), bad));
  }

  /// 0 is what a tensor of zeros has (spec 08 §12.2).
  at::Tensor nvfp4_tensor_scale(const at::Tensor& block_scales) const {
    const bool zeros = block_scales.count_nonzero().item<int64_t>() == 0;
    return scalar("weight_scale_2", zeros ? Allow::NotNegative : Allow::Positive);
  }

  void read_nf4(formats::Matrix& m) const {
    m.nf4_block = layer_.nf4.block;
    m.table = values("quant_map", Allow::Finite).flatten();
    if (!layer_.companion("nested_absmax") || info("absmax").dtype != "U8") {
      m.scale = values("absmax", Allow::NotNegative).flatten();
      return;
    }
    m.scale = formats::expand_double_quantized(
        raw("absmax").flatten(), values("nested_absmax", Allow::NotNegative).flatten(),
        values("nested_quant_map", Allow::Finite).flatten(), static_cast<float>(layer_.nf4.nested_offset),
        layer_.nf4.nested_block);
    if (!m.scale.isfinite().all().item<bool>())
      fail(Status::Quant,
           "{}: expected finite block maxima, found others once they are expanded with {}. Download the file "
           "again.",
           info("absmax").source, info("nested_absmax").source);
  }

  void read_activation_scales(StoredMatrix& result) const {
    result.full_precision_matmul = layer_.full_precision_matmul;
    if (layer_.has_input_scale() && layer_.format != Format::Fp8Unscaled)
      result.input_scale = raw("input_scale").to(at::kFloat).reshape({}).clone();
    if (layer_.companion("pre_quant_scale")) {
      values("pre_quant_scale", Allow::Finite);
      result.pre_quant_scale = raw("pre_quant_scale").clone();
    }
  }

  const Store& files_;
  const StoredLayer& layer_;
};

}  // namespace

StoredMatrix StoredLayers::read(const StoredLayer& layer) const {
  const auto name = layer.name + ".weight";
  if (!layer.ready) return LayerReader(*files_, layer).read(files_->is_mapped(name));
  return files_->parts(name).stored.value();
}

namespace {

// Elements of a rotated weight that are in fp32 at a time: an embedding table has a thousand million.
constexpr int64_t kElementsAtATime = 1 << 24;

/// bf16 [N, K]. Rotated rows pass through fp32, some at a time.
at::Tensor decode_rows(const formats::Matrix& matrix) {
  if (matrix.rotation == 0 || matrix.rows * matrix.columns <= kElementsAtATime)
    return formats::decode(matrix, at::kBFloat16);
  auto values = at::empty({matrix.rows, matrix.columns}, at::kBFloat16);
  const int64_t step = std::max<int64_t>(1, kElementsAtATime / matrix.columns);
  for (int64_t begin = 0; begin < matrix.rows; begin += step) {
    auto part = matrix;
    part.rows = std::min(step, matrix.rows - begin);
    part.codes = matrix.codes.narrow(0, begin, part.rows);
    part.scale = matrix.scale.narrow(0, begin, part.rows);
    values.narrow(0, begin, part.rows).copy_(formats::decode(part, at::kBFloat16));
  }
  return values;
}

}  // namespace

at::Tensor StoredLayers::dequantize(const StoredLayer& layer) const {
  if (layer.ready) return files_->read(layer.name + ".weight");
  const LayerReader reader(*files_, layer);
  const auto stored = reader.read(false);
  if (!stored.pre_quant_scale.defined()) return decode_rows(stored.matrix).reshape(layer.shape);
  // W·diag(p): the layer then needs no scaled input (spec 08 §12.3).
  return (formats::decode(stored.matrix, at::kFloat) * stored.pre_quant_scale.to(at::kFloat))
      .to(at::kBFloat16)
      .reshape(layer.shape);
}

at::Tensor StoredLayers::dequantize_tensor(std::string_view name) const {
  const auto stored = files_->read(name);
  const auto& scale_name = scaled_.find(name)->second;
  auto values = stored.to(at::kFloat);
  if (!scale_name.empty()) {
    auto scale = files_->read(scale_name).to(at::kFloat);
    if (!(scale.isfinite() & (scale > 0)).all().item<bool>())
      fail(Status::Quant, "{}: expected finite and positive scales, found others. Download the file again.",
           files_->find(scale_name)->source);
    std::vector<int64_t> along_rows(static_cast<size_t>(values.dim()), 1);
    if (scale.numel() > 1) along_rows[0] = scale.numel();
    values.mul_(scale.reshape(along_rows));
    files_->release(scale_name);
  }
  files_->release(name);
  return values.to(at::kBFloat16);
}

Likeness compare_layer(const StoredLayers& unknown, const StoredLayers& known, std::string_view layer) {
  const StoredLayer *left = unknown.find(layer), *right = known.find(layer);
  for (const auto& [found, layers] : {std::pair{left, &unknown}, std::pair{right, &known}})
    if (!found)
      fail(Status::TensorMissing, "{}: layer '{}' is missing. Name a layer that both files have.",
           layers->files().describe(), layer);
  const auto values = [](const StoredLayers& layers, const StoredLayer& one) {
    return (one.quantized() ? layers.dequantize(one) : layers.files().read(one.name + ".weight"))
        .to(at::kDouble);
  };
  const auto a = values(unknown, *left), b = values(known, *right);
  if (a.sizes() != b.sizes())
    fail(Status::TensorMismatch,
         "layer '{}': the files have shapes of {} and {} elements. Compare files of one model.", layer,
         a.numel(), b.numel());
  // Relative L2 of each format against the true weights (spec 08 §20); independent errors add in quadrature.
  const auto error = [](const StoredLayer& one) {
    switch (one.format) {
      case Format::Unquantized:
        return 0.0017;
      case Format::Fp8Unscaled:
        return 0.033;
      case Format::Fp8PerTensor:
      case Format::Fp8PerRow:
        return one.dtype == "F8_E5M2" ? 0.0525 : 0.0265;
      case Format::Fp8Block128:
        return 0.0266;
      case Format::Mxfp8:
        return 0.0267;
      case Format::Fp6Block128:
        return 0.0290;
      case Format::Int8:
        return 0.0087;
      case Format::Nvfp4:
        return 0.0952;
      case Format::Int4:
        return 0.1002;
      case Format::Nf4:
        return 0.0919;
      case Format::Q8_0:
        return 0.0054;
      case Format::Q6_K:
        return 0.0188;
      case Format::Q5_K:
        return 0.0383;
      case Format::Q4_K:
        return 0.0787;
      default:
        return 0.0861;
    }
  };
  Likeness result;
  const double norm = b.norm().item<double>(), own = a.norm().item<double>();
  result.relative_l2 = norm > 0 ? (a - b).norm().item<double>() / norm : own;
  result.correlation = norm > 0 && own > 0 ? (a * b).sum().item<double>() / (norm * own) : 0;
  result.expected = std::hypot(error(*left), error(*right));
  result.same = std::abs(result.relative_l2 - result.expected) <= 0.15 * result.expected;
  return result;
}

}  // namespace ltx::weights
