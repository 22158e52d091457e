// The arithmetic that tensor cores do with quantized activations, written as one would define it: codes
// become values in fp32, sums are formed in fp32 (integers: exactly), and every rounding of spec 08 is a
// visible `.to`. [L] rounds once at the end; [R] where the public reference does.
#include "quant/backends/back_end.h"
#include "quant/backends/scheme.h"

namespace ltx::quant {
namespace {

using formats::Format;
using formats::Matrix;
using formats::Quantized;

/// [M, K] · [N, K]ᵀ in fp32.
at::Tensor product(const at::Tensor& x, const at::Tensor& w) {
  return at::mm(x, w.t());
}

/// Σ of integer products [M, N], exact, rounded once to F32. A sum of 1024 products of int8 codes is at most
/// 2²⁴, so fp32 forms it without error in any order.
at::Tensor integer_product(const at::Tensor& x, const at::Tensor& w) {
  constexpr int64_t kExact = 1024;
  at::Tensor sum;
  for (int64_t k = 0; k < x.size(1); k += kExact) {
    const int64_t end = std::min(k + kExact, x.size(1));
    const auto part = product(x.slice(1, k, end), w.slice(1, k, end)).to(at::kInt);
    sum = sum.defined() ? sum.add_(part) : part;
  }
  return sum.to(at::kFloat);
}

/// A per-row scale [M] beside rows; a scalar as it is.
at::Tensor column(const at::Tensor& scale) {
  return scale.dim() == 0 ? scale : scale.reshape({-1, 1});
}

at::Tensor plus(const at::Tensor& y, const at::Tensor& bias) {
  return bias.defined() ? y + bias : y;
}

/// The values of the codes, without the scale that the product is multiplied by afterwards.
at::Tensor unscaled(const Matrix& weight) {
  Matrix bare = weight;
  if (weight.format == Format::Nvfp4) {
    bare.scale_2 = at::ones_like(weight.scale_2);
  } else if (weight.format == Format::Fp6Block128) {
    bare.scale = at::ones_like(weight.scale);
  } else {
    bare.format = Format::Fp8Unscaled;
    bare.scale = at::Tensor();
  }
  return formats::decode(bare);
}

class Emulate : public RowsBackEnd {
 public:
  explicit Emulate(LinearParts parts)
      : RowsBackEnd(parts.weight.columns, parts.weight.rows), parts_(std::move(parts)) {}

  std::string_view name() const override { return "emulate"; }

 protected:
  at::ScalarType output_dtype(at::ScalarType input) const override {
    return yields_bf16(parts_.kind) ? at::kBFloat16 : input;
  }

  at::Tensor rows(const at::Tensor& raw) const override {
    const auto x = prescaled(parts_, raw);
    switch (parts_.kind) {
      case Kind::Fp8ScaledMm:
        return scaled_mm(x);
      case Kind::Fp8Dynamic:
        return fp8_dynamic(x);
      case Kind::Int8:
        // Rotated weights have no scale per row in the basis of x.
        return parts_.weight.rotation > 0 ? weight_only(x) : int8_weight_only(x);
      case Kind::Int8Dynamic:
        return int8_dynamic(x);
      case Kind::Mxfp8:
        return mxfp8(x);
      case Kind::Nvfp4Cast:
      case Kind::Nvfp4Prequant:
        return nvfp4(x);
      case Kind::Fp8Block128:
      case Kind::Fp6Block128:
        return block128(x);
      default:
        return weight_only(x);
    }
  }

 private:
  at::Tensor bias(at::ScalarType dtype = at::kFloat) const { return bias_as(parts_, dtype); }

  /// fp8-cast, fp8-weight-only, int4, nf4, GGUF: the weight rounded to bf16, exact for fp8-cast (§5.3, §8).
  at::Tensor weight_only(const at::Tensor& x) const {
    const auto dtype = x.scalar_type();
    const auto weight = formats::decode(parts_.weight, at::kBFloat16).to(at::kFloat);
    const auto y = product(x.to(at::kFloat), weight);
    if (parts_.reference && parts_.kind == Kind::Fp8WeightOnly && parts_.bias.defined())
      return (y.to(dtype).to(at::kFloat) + bias(dtype).to(at::kFloat)).to(dtype);
    return plus(y, bias()).to(dtype);
  }

  /// §6.3. [R] adds the bias after the output's rounding.
  at::Tensor scaled_mm(const at::Tensor& x) const {
    const auto dtype = x.scalar_type();
    const auto y = fp8_product(x);
    if (parts_.reference && parts_.bias.defined())
      return (y.to(dtype).to(at::kFloat) + bias(dtype).to(at::kFloat)).to(dtype);
    return plus(y, bias()).to(dtype);
  }

  /// §7.
  at::Tensor fp8_dynamic(const at::Tensor& x) const {
    return plus(fp8_product(x), bias()).to(x.scalar_type());
  }

  at::Tensor fp8_product(const at::Tensor& x) const {
    const Quantized q = fp8_activations(parts_, x);
    const auto sum = product(q.codes.to(at::kFloat), unscaled(parts_.weight));
    return column(q.scale) * parts_.weight.scale * sum;
  }

  /// §9.1: [L] one rounding; [R] after the product, after the scale, after the bias.
  at::Tensor int8_weight_only(const at::Tensor& x) const {
    const auto dtype = x.scalar_type();
    const auto sum = product(x.to(at::kFloat), parts_.weight.codes.to(at::kFloat));
    if (!parts_.reference) return plus(sum * parts_.weight.scale, bias()).to(dtype);
    const auto scaled = sum.to(dtype) * parts_.weight.scale.to(dtype);
    return plus(scaled, bias(dtype));
  }

  /// §9.2, §9.3.
  at::Tensor int8_dynamic(const at::Tensor& x) const {
    const auto dtype = x.scalar_type();
    const Quantized q = int8_activations(parts_, x);
    const auto sum = integer_product(q.codes.to(at::kFloat), parts_.weight.codes.to(at::kFloat));
    const auto sx = column(q.scale);
    const auto& sw = parts_.weight.scale;
    if (!parts_.reference) return plus(sum * sx * sw, bias()).to(dtype);
    if (parts_.weight.rotation > 0) return plus((sum * (sx * sw)).to(dtype), bias(dtype));
    return plus((sum * sx).to(dtype).to(at::kFloat) * sw, bias()).to(dtype);
  }

  /// §11. Scales are powers of two, so scaling before or after the product is the same.
  at::Tensor mxfp8(const at::Tensor& x) const {
    const auto values = formats::dequantize_mxfp8(formats::mxfp8(x), x.size(1));
    return plus(product(values, formats::decode(parts_.weight)), bias()).to(x.scalar_type());
  }

  /// §12.4: alpha · Σ + bias, rounded once to bf16.
  at::Tensor nvfp4(const at::Tensor& x) const {
    Quantized q = nvfp4_activations(parts_, x.scalar_type() == at::kHalf ? x : x.to(at::kBFloat16));
    const auto alpha = q.scale_2 * parts_.weight.scale_2;
    q.scale_2 = at::ones_like(q.scale_2);
    const auto sum = product(formats::dequantize_nvfp4(q), unscaled(parts_.weight));
    return plus(alpha * sum, bias()).to(at::kBFloat16);
  }

  /// §13.1: a partial sum per 128 columns, each with the scales of its block.
  at::Tensor block128(const at::Tensor& x) const {
    constexpr int64_t kBlock = 128;
    const Quantized q = formats::fp8_1x128(x);
    const auto values = q.codes.to(at::kFloat);
    const auto weight = unscaled(parts_.weight);  // [N, K]
    // [N, K/128]: the scale of each row's block.
    const auto scale = parts_.weight.scale.repeat_interleave(kBlock, 0).slice(0, 0, parts_.weight.rows);
    auto total = at::zeros({x.size(0), parts_.weight.rows}, values.options());
    for (int64_t b = 0; b * kBlock < x.size(1); ++b) {
      const int64_t begin = b * kBlock, end = std::min(begin + kBlock, x.size(1));
      const auto part = product(values.slice(1, begin, end), weight.slice(1, begin, end));
      total += part * q.scale.select(1, b).unsqueeze(1) * scale.select(1, b);
    }
    return plus(total, bias()).to(at::kBFloat16);
  }

  LinearParts parts_;
};

}  // namespace

BackEndPtr make_emulate(LinearParts parts) {
  return std::make_shared<Emulate>(std::move(parts));
}

}  // namespace ltx::quant
