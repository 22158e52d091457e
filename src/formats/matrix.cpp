#include "formats/matrix.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "formats/fp6.h"
#include "formats/fp8.h"
#include "formats/fp8_block.h"
#include "formats/gguf.h"
#include "formats/int4.h"
#include "formats/int8.h"
#include "formats/mxfp8.h"
#include "formats/nf4.h"
#include "formats/nvfp4.h"

namespace ltx::formats {
namespace {

/// Into F32 or BF16.
void decode_codes(const Matrix& matrix, const at::Tensor& out) {
  switch (matrix.format) {
    case Format::Unquantized:
      out.copy_(matrix.codes);
      return;
    case Format::Fp8Unscaled:
    case Format::Fp8PerTensor:
    case Format::Fp8PerRow:
      decode_fp8(matrix, out);
      return;
    case Format::Fp8Block128:
      decode_fp8_block128(matrix, out);
      return;
    case Format::Fp6Block128:
      decode_fp6_block128(matrix, out);
      return;
    case Format::Mxfp8:
      decode_mxfp8(matrix, out);
      return;
    case Format::Nvfp4:
      decode_nvfp4(matrix, out);
      return;
    case Format::Int8:
      decode_int8(matrix, out);
      return;
    case Format::Int4:
      decode_int4(matrix, out);
      return;
    case Format::Nf4:
      decode_nf4(matrix, out);
      return;
    default:
      decode_gguf(matrix, out);
      return;
  }
}

Matrix unquantized(const at::Tensor& weight) {
  Matrix matrix;
  matrix.rows = weight.size(0);
  matrix.columns = weight.size(1);
  matrix.codes = weight;
  return matrix;
}

}  // namespace

uint64_t Matrix::bytes() const {
  uint64_t total = 0;
  for (const auto* member : {&codes, &scale, &scale_2, &zero, &table})
    if (member->defined()) total += member->nbytes();
  return total;
}

Matrix Matrix::to(at::Device device) const {
  Matrix moved = *this;
  for (auto* member : {&moved.codes, &moved.scale, &moved.scale_2, &moved.zero, &moved.table})
    if (member->defined()) *member = member->to(device);
  return moved;
}

Matrix encode(const at::Tensor& weight, const Encoding& encoding) {
  if (weight.dim() != 2)
    fail(Status::Quant, "A weight of shape [{}] is no matrix and cannot be stored as {}. Leave it in bf16.",
         fmt::join(weight.sizes(), ", "), name_of(encoding.format));
  if (!can_store(encoding, weight.size(0), weight.size(1)))
    fail(Status::Quant, "A weight [{}, {}] cannot be stored as {} (spec 08 §2.3). Leave it in bf16.",
         weight.size(0), weight.size(1), name_of(encoding.format));
  const auto w = weight.detach();
  switch (encoding.format) {
    case Format::Unquantized:
      return unquantized(w);
    case Format::Fp8Unscaled:
      return encode_fp8_unscaled(w, encoding);
    case Format::Fp8PerTensor:
      return encode_fp8_per_tensor(w, encoding);
    case Format::Fp8PerRow:
      return encode_fp8_per_row(w, encoding);
    case Format::Fp8Block128:
      return encode_fp8_block128(w, encoding.reference);
    case Format::Fp6Block128:
      return encode_fp6_block128(w, encoding.reference);
    case Format::Mxfp8:
      return encode_mxfp8(w);
    case Format::Nvfp4:
      return encode_nvfp4(w);
    case Format::Int8:
      return encode_int8(w, encoding);
    case Format::Int4:
      return encode_int4(w, encoding);
    case Format::Nf4:
      return encode_nf4(w);
    case Format::Q8_0:
    case Format::Q4_0:
      return encode_gguf(w, encoding.format);
    default:
      break;
  }
  fail(Status::Quant, "The library does not encode {}; it reads such files. Choose another format.",
       name_of(encoding.format));
}

at::Tensor decode(const Matrix& matrix, at::ScalarType dtype) {
  if (matrix.format == Format::Unquantized) return matrix.codes.to(dtype);
  // fp16: rounded once from the fp32 product, as bf16 is.
  const auto written = dtype == at::kHalf ? at::kFloat : dtype;
  const auto out = at::empty({matrix.rows, matrix.columns}, matrix.codes.options().dtype(written));
  decode_codes(matrix, out);
  return out.to(dtype);
}

void decode_into(const Matrix& matrix, const at::Tensor& out) {
  if (out.sizes() != at::IntArrayRef({matrix.rows, matrix.columns}) || out.device() != matrix.device())
    fail(Status::InvalidArgument, "A weight [{}, {}] on {} cannot be decoded into [{}] on {}.", matrix.rows,
         matrix.columns, matrix.device().str(), fmt::join(out.sizes(), ", "), out.device().str());
  decode_codes(matrix, out);
}

bool can_store(const Encoding& encoding, int64_t rows, int64_t columns) {
  if (encoding.format == Format::Unquantized) return true;
  if (rows <= 0 || columns <= 0) return false;
  switch (encoding.format) {
    case Format::Fp8Block128:
    case Format::Fp6Block128:
      return rows % kBlock == 0 && columns % kBlock == 0;
    case Format::Nvfp4:
      return columns % 16 == 0;
    case Format::Int8:
      return encoding.rotation == 0 || columns % encoding.rotation == 0;
    case Format::Int4:
      return is_int4_group(encoding.group_size) && columns % encoding.group_size == 0;
    default:
      return !is_gguf(encoding.format) || columns % gguf_type(encoding.format).block_elements == 0;
  }
}

}  // namespace ltx::formats
