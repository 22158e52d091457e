// One way of computing a linear layer, chosen once when the layer is made.
#pragma once
#include <ATen/ATen.h>

#include <memory>
#include <string_view>

#include "quant/linear_parts.h"

namespace ltx::quant {

class BackEnd {
 public:
  virtual ~BackEnd() = default;
  /// x [..., K] -> y [..., N].
  virtual at::Tensor multiply(const at::Tensor& x) const = 0;
  /// "plain", "emulate", "dequant", "cpu-int8", "cublaslt": for reports and tests.
  virtual std::string_view name() const = 0;
};

/// A back end that sees its activations as a matrix.
class RowsBackEnd : public BackEnd {
 public:
  RowsBackEnd(int64_t in, int64_t out) : in_(in), out_(out) {}
  at::Tensor multiply(const at::Tensor& x) const final;

 protected:
  /// x [M, K] with contiguous rows, M > 0 -> y [M, N].
  virtual at::Tensor rows(const at::Tensor& x) const = 0;
  /// What the scheme makes of its input's dtype.
  virtual at::ScalarType output_dtype(at::ScalarType input) const { return input; }

 private:
  int64_t in_, out_;
};

using BackEndPtr = std::shared_ptr<const BackEnd>;

/// The weight as it is, through at::linear; gradients reach x, weight and bias.
BackEndPtr make_plain(LinearParts parts);
/// The definition of every scheme's own arithmetic, in plain fp32 operations (spec 08 §5–§13).
BackEndPtr make_emulate(LinearParts parts);
/// Route D of spec 08 §19: the weight decoded to bf16 in every call, activations as they are.
BackEndPtr make_dequant(LinearParts parts);
/// Whether this CPU has int8 dot products, and this LibTorch the operators that use them.
bool cpu_has_int8();
/// int8 × int8 on a CPU; nullptr where the CPU or the layer is not made for it.
BackEndPtr make_cpu_int8(const LinearParts& parts);
/// Tensor cores; nullptr where the device or the layer is not made for it, and in a build without CUDA.
BackEndPtr make_cublaslt(const LinearParts& parts);

/// The back end of a layer: what `parts.arithmetic` asks for, or the best that there is. Throws Quant where
/// native arithmetic is asked for and neither the device nor the layer's shape has it.
BackEndPtr choose_back_end(LinearParts parts);

}  // namespace ltx::quant
