// Quantized activations on tensor cores. Which product a scheme needs depends on the device (spec 08 §18,
// §19); where there is none, the layer decodes its weight.
#include <ATen/cuda/CUDAContextLight.h>
#include <fmt/format.h>

#include <atomic>

#include "formats/fp6.h"
#include "formats/scale_swizzle.h"
#include "quant/backends/back_end.h"
#include "quant/backends/cublaslt.h"
#include "quant/backends/epilogue.h"
#include "quant/backends/scheme.h"

namespace ltx::quant {
namespace {

using cublaslt::Operand;
using cublaslt::Product;
using cublaslt::Scaling;
using formats::Format;
using formats::Quantized;

int compute_capability(at::Device device) {
  const auto* properties = at::cuda::getDeviceProperties(device.index());
  return 10 * properties->major + properties->minor;
}

int64_t round_up(int64_t n, int64_t step) {
  return (n + step - 1) / step * step;
}

/// Rows of zeros up to a multiple of `step`.
at::Tensor pad_rows(const at::Tensor& codes, int64_t step) {
  const int64_t missing = round_up(codes.size(0), step) - codes.size(0);
  if (missing == 0) return codes;
  auto padded = at::zeros({codes.size(0) + missing, codes.size(1)}, codes.options());
  padded.slice(0, 0, codes.size(0)).copy_(codes);
  return padded;
}

class CublasLt : public RowsBackEnd {
 public:
  CublasLt(const LinearParts& parts, int capability)
      : RowsBackEnd(parts.weight.columns, parts.weight.rows),
        parts_(parts),
        dequant_(make_dequant(parts)),
        capability_(capability) {
    bias32_ = bias_as(parts, at::kFloat);
    switch (parts.weight.format) {
      case Format::Mxfp8:
      case Format::Nvfp4:
        weight_scale_ = formats::swizzle_scales(parts.weight.scale);
        break;
      case Format::Fp8Block128:
      case Format::Fp6Block128: {
        const auto& scale = parts.weight.scale;
        weight_scale_ = at::zeros({scale.size(0), round_up(scale.size(1), 4)}, scale.options());
        weight_scale_.slice(1, 0, scale.size(1)).copy_(scale);
        break;
      }
      default:
        weight_scale_ = parts.weight.scale;
    }
  }

  std::string_view name() const override { return "cublaslt"; }

 protected:
  at::ScalarType output_dtype(at::ScalarType input) const override {
    return yields_bf16(parts_.kind) ? at::kBFloat16 : input;
  }

  at::Tensor rows(const at::Tensor& raw) const override {
    const auto x = prescaled(parts_, raw);
    if (auto y = native(x)) return *y;
    if (parts_.warn && !warned_.exchange(true))
      parts_.warn(
          fmt::format("Layer '{}' [{}, {}]: cuBLASLt has no algorithm for {} rows in {} on a device of "
                      "compute capability {}.{}; its weight is decoded instead.",
                      parts_.name, parts_.weight.rows, parts_.weight.columns, x.size(0),
                      formats::name_of(parts_.weight.format), capability_ / 10, capability_ % 10));
    return dequant_->multiply(raw);
  }

 private:
  std::optional<at::Tensor> native(const at::Tensor& x) const {
    switch (parts_.kind) {
      case Kind::Fp8ScaledMm:
      case Kind::Fp8Dynamic:
        return fp8(x);
      case Kind::Int8Dynamic:
        return int8(x);
      case Kind::Mxfp8:
        return mxfp8(x);
      case Kind::Fp8Block128:
      case Kind::Fp6Block128:
        return block128(x);
      default:
        return nvfp4(x);
    }
  }

  /// A product with the bias in its epilogue where the library has that for these dtypes, else after a sum in
  /// fp32; `bias_after`: after the output's rounding.
  std::optional<at::Tensor> with_bias(Product product, at::ScalarType output, bool bias_after) const {
    const auto& bias = parts_.bias;
    product.output = output;
    if (!bias.defined()) return cublaslt::multiply(product);
    if (bias_after) {
      auto y = cublaslt::multiply(product);
      if (y) y->add_(bias.to(output));
      return y;
    }
    if (output == at::kBFloat16 && bias.scalar_type() == at::kBFloat16) {
      product.bias = bias;
      return cublaslt::multiply(product);
    }
    product.output = at::kFloat;
    auto sum = cublaslt::multiply(product);
    if (!sum) return std::nullopt;
    return sum->add_(bias32_).to(output);
  }

  std::optional<at::Tensor> fp8(const at::Tensor& x) const {
    const auto output = x.scalar_type();
    const Quantized q = fp8_activations(parts_, x);
    const bool bias_after = parts_.reference && parts_.kind == Kind::Fp8ScaledMm;
    Product product;
    product.weight = {parts_.weight.codes, Scaling::Scalar, weight_scale_};
    product.x = {q.codes, Scaling::Scalar, q.scale};
    product.fast_accum = parts_.fast_accum;
    if (q.scale.dim() == 0 && weight_scale_.dim() == 0) return with_bias(product, output, bias_after);
    if (capability_ == 90) {
      auto vectors = product;
      vectors.weight.scaling = vectors.x.scaling = Scaling::OuterVector;
      vectors.weight.scale = weight_scale_.expand({parts_.weight.rows}).contiguous();
      vectors.x.scale = q.scale.expand({x.size(0)}).contiguous();
      if (auto y = with_bias(vectors, output, bias_after)) return y;
    }
    // The route that every device has: unit scales into fp32, all the rest afterwards.
    product.weight.scale = product.x.scale = at::Tensor();
    product.output = at::kFloat;
    const auto sum = cublaslt::multiply(product);
    if (!sum) return std::nullopt;
    return scale_rows_and_columns(*sum, q.scale, weight_scale_, bias32_, output,
                                  bias_after ? Roundings::BeforeBias : Roundings::Once);
  }

  std::optional<at::Tensor> int8(const at::Tensor& x) const {
    const Quantized q = int8_activations(parts_, x);
    Product product;
    product.weight.codes = parts_.weight.codes;
    product.x.codes = pad_rows(q.codes, x.size(0) < 32 ? 32 : 4);
    product.output = at::kInt;
    const auto sum = cublaslt::multiply(product);
    if (!sum) return std::nullopt;
    const auto roundings = !parts_.reference            ? Roundings::Once
                           : parts_.weight.rotation > 0 ? Roundings::BeforeBias
                                                        : Roundings::AfterActivation;
    return scale_rows_and_columns(sum->slice(0, 0, x.size(0)), q.scale, weight_scale_, bias32_,
                                  x.scalar_type(), roundings);
  }

  std::optional<at::Tensor> mxfp8(const at::Tensor& x) const {
    const Quantized q = formats::mxfp8(x);
    Product product;
    product.weight = {parts_.weight.codes, Scaling::Vec32, weight_scale_};
    product.x = {q.codes, Scaling::Vec32, formats::swizzle_scales(q.scale)};
    return with_bias(product, x.scalar_type(), false);
  }

  std::optional<at::Tensor> nvfp4(const at::Tensor& x) const {
    const Quantized q = nvfp4_activations(parts_, x.scalar_type() == at::kHalf ? x : x.to(at::kBFloat16));
    Product product;
    product.weight = {parts_.weight.codes, Scaling::Vec16, weight_scale_};
    product.x = {q.codes, Scaling::Vec16, formats::swizzle_scales(q.scale)};
    product.alpha = q.scale_2 * parts_.weight.scale_2;
    return with_bias(product, at::kBFloat16, false);
  }

  std::optional<at::Tensor> block128(const at::Tensor& x) const {
    const int64_t m = x.size(0);
    const Quantized q = formats::fp8_1x128(pad_rows(x, 4));
    Product product;
    const auto codes = parts_.weight.format == Format::Fp6Block128 ? formats::unpack_fp6(parts_.weight.codes)
                                                                   : parts_.weight.codes;
    product.weight = {codes, Scaling::Block128x128, weight_scale_};
    product.x = {q.codes, Scaling::Vec128, q.scale.t().contiguous()};
    const auto y = with_bias(product, at::kBFloat16, false);
    if (!y) return std::nullopt;
    return y->size(0) == m ? *y : y->slice(0, 0, m).contiguous();
  }

  LinearParts parts_;
  BackEndPtr dequant_;  // shares the weight
  int capability_;
  at::Tensor weight_scale_, bias32_;
  mutable std::atomic<bool> warned_ = false;
};

/// Device and shape (spec 08 §2.3, §18, §19).
bool has_native(const LinearParts& parts, int capability) {
  const int64_t n = parts.weight.rows, k = parts.weight.columns;
  switch (parts.kind) {
    case Kind::Fp8ScaledMm:
    case Kind::Fp8Dynamic:
      return capability >= 89 && k % 16 == 0 && n % 16 == 0 &&
             (parts.weight.format == Format::Fp8PerTensor || parts.weight.format == Format::Fp8PerRow);
    case Kind::Int8Dynamic:
      return capability >= 75 && k % 16 == 0 && n % 8 == 0 && parts.weight.format == Format::Int8;
    case Kind::Mxfp8:
      return capability >= 100 && n % 16 == 0 && parts.weight.format == Format::Mxfp8;
    case Kind::Nvfp4Cast:
    case Kind::Nvfp4Prequant:
      return capability >= 100 && k % 32 == 0 && n % 8 == 0 && parts.weight.format == Format::Nvfp4;
    case Kind::Fp8Block128:
    case Kind::Fp6Block128:
      return capability == 90 && k % 128 == 0 && n % 128 == 0 &&
             (parts.weight.format == Format::Fp8Block128 || parts.weight.format == Format::Fp6Block128);
    default:
      return false;
  }
}

}  // namespace

BackEndPtr make_cublaslt(const LinearParts& parts) {
  const int capability = compute_capability(parts.weight.device());
  if (!has_native(parts, capability)) return nullptr;
  return std::make_shared<CublasLt>(parts, capability);
}

}  // namespace ltx::quant
