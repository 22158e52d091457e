#include "base/error.h"
#include "device/device.h"
#include "quant/backends/back_end.h"
#include "quant/backends/scheme.h"
#include "quant/policy.h"

namespace ltx::quant {

at::Tensor RowsBackEnd::multiply(const at::Tensor& x) const {
  auto shape = x.sizes().vec();
  shape.back() = out_;
  if (x.numel() == 0) return at::zeros(shape, x.options().dtype(output_dtype(x.scalar_type())));
  return rows(x.reshape({-1, in_}).contiguous()).view(shape);
}

BackEndPtr choose_back_end(LinearParts parts) {
  if (parts.weight.format == formats::Format::Unquantized) return make_plain(std::move(parts));
  parts.kind = arithmetic_of(parts.kind, parts.weight.format);
  if (parts.arithmetic == Arithmetic::Emulate) return make_emulate(std::move(parts));
  // Where activations stay as they are, route D is the scheme's own arithmetic. int8 would scale an fp32 sum
  // (spec 08 §9.1): the bf16 rounding of its decoded weight adds a fiftieth to its error, and LibTorch has no
  // product of bf16 into fp32 on a CPU.
  if (parts.arithmetic == Arithmetic::Dequant || !quantizes_activations(parts.kind))
    return make_dequant(std::move(parts));
  const auto device = parts.weight.device();
  if (auto native = device.is_cuda() ? make_cublaslt(parts) : make_cpu_int8(parts)) return native;
  if (parts.arithmetic == Arithmetic::Native)
    fail(Status::Quant,
         "Layer '{}' [{}, {}] as {}: {} cannot multiply it natively. Use the arithmetic 'auto', 'dequant' or "
         "'emulate'.",
         parts.name, parts.weight.rows, parts.weight.columns, formats::name_of(parts.weight.format),
         device::describe(device));
  return make_dequant(std::move(parts));
}

}  // namespace ltx::quant
