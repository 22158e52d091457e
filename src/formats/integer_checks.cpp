#include "base/error.h"
#include "formats/integer_launch.h"

namespace ltx::formats::integer {

void require_finite(const at::Tensor& scale, const at::Tensor& weight) {
  if (at::isfinite(scale).all().item<bool>()) return;
  const auto count = weight.numel() - at::isfinite(weight).sum().item<int64_t>();
  if (count > 0) {
    fail(Status::Numeric,
         "{} of {} values are NaN or Inf and have no code. The file is damaged; get it again.", count,
         weight.numel());
  }
  fail(Status::Numeric, "The values are too large for a scale. The file is damaged; get it again.");
}

void require_matrix(const at::Tensor& weight) {
  if (weight.dim() == 2) return;
  fail(Status::Quant, "A weight of {} axes has no rows to quantize; expected two. Leave it in bf16.",
       weight.dim());
}

void require_parts(const Matrix& matrix, int64_t code_bytes, int64_t scales) {
  const auto& codes = matrix.codes;
  const bool bytes = codes.scalar_type() == at::kByte || codes.scalar_type() == at::kChar;
  const int64_t scales_found = matrix.scale.defined() ? matrix.scale.numel() : 0;
  if (bytes && codes.numel() == code_bytes && scales_found == scales) return;
  fail(Status::TensorMismatch,
       "A weight [{}, {}] in {} has {} bytes of codes and {} scales; found {} and {}. The file is damaged; "
       "get it "
       "again.",
       matrix.rows, matrix.columns, name_of(matrix.format), code_bytes, scales, codes.nbytes(), scales_found);
}

void require_writable(const at::Tensor& out, int64_t elements) {
  const bool dtype = out.scalar_type() == at::kFloat || out.scalar_type() == at::kBFloat16;
  if (dtype && out.is_contiguous() && out.numel() == elements) return;
  fail(Status::InvalidArgument,
       "Codes of {} elements are decoded to F32 or BF16 without gaps, not to {} of {}. Convert the result.",
       elements, c10::toString(out.scalar_type()), out.numel());
}

}  // namespace ltx::formats::integer
