// Tensors of GGUF files (spec 08 §14): the types and the values of their blocks.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "formats/matrix.h"

namespace ltx::formats {

/// A row of K elements is K / block_elements blocks of block_bytes each.
struct GgufType {
  Format format;  // F32, F16 and BF16: Unquantized
  uint32_t id;    // in the file
  int block_bytes, block_elements;
  const char* name;  // as GGUF spells it: "Q4_K"
};

/// Every type that the library reads.
std::span<const GgufType> gguf_types();
/// nullptr: not one of them.
const GgufType* gguf_type(uint32_t id);
/// `format` is one of the GGUF formats.
const GgufType& gguf_type(Format format);
/// What the elements of F32, F16 and BF16 tensors are; nothing for blocks.
std::optional<at::ScalarType> gguf_dtype(const GgufType& type);
/// Bytes of a row. Throws Quant if the type's blocks do not fill it.
int64_t gguf_row_bytes(const GgufType& type, int64_t columns);

/// Values of a matrix in a GGUF format into out [N, K], F32 or rounded once to BF16.
void decode_gguf(const Matrix& matrix, const at::Tensor& out);
inline at::Tensor decode_gguf(const Matrix& matrix, at::ScalarType dtype = at::kFloat) {
  return decode(matrix, dtype);
}

/// Blocks of a weight [N, K] by a plain min-max search. Q8_0 and Q4_0 only: their published files need no
/// more; files of the other types are made elsewhere.
Matrix encode_gguf(const at::Tensor& weight, Format format);

}  // namespace ltx::formats
