#include "formats/gguf.h"

#include "base/error.h"
#include "formats/integer_launch.h"
#include "formats/scalar/gguf.h"

namespace ltx::formats {
namespace {

constexpr GgufType kTypes[] = {{Format::Unquantized, 0, 4, 1, "F32"},   {Format::Unquantized, 1, 2, 1, "F16"},
                               {Format::Unquantized, 30, 2, 1, "BF16"}, {Format::Q8_0, 8, 34, 32, "Q8_0"},
                               {Format::Q4_0, 2, 18, 32, "Q4_0"},       {Format::Q4_1, 3, 20, 32, "Q4_1"},
                               {Format::Q5_0, 6, 22, 32, "Q5_0"},       {Format::Q5_1, 7, 24, 32, "Q5_1"},
                               {Format::Q4_K, 12, 144, 256, "Q4_K"},    {Format::Q5_K, 13, 176, 256, "Q5_K"},
                               {Format::Q6_K, 14, 210, 256, "Q6_K"},    {Format::Q3_K, 11, 110, 256, "Q3_K"},
                               {Format::Q2_K, 10, 84, 256, "Q2_K"},     {Format::Iq4Nl, 20, 18, 32, "IQ4_NL"},
                               {Format::Iq4Xs, 23, 136, 256, "IQ4_XS"}};

int index_of(Format format) {
  return static_cast<int>(format) - static_cast<int>(Format::Q8_0);
}

}  // namespace

std::span<const GgufType> gguf_types() {
  return kTypes;
}

const GgufType* gguf_type(uint32_t id) {
  for (const auto& type : kTypes)
    if (type.id == id) return &type;
  return nullptr;
}

const GgufType& gguf_type(Format format) {
  for (const auto& type : kTypes)
    if (type.format == format && is_gguf(format)) return type;
  fail(Status::InvalidArgument, "'{}' is no format of GGUF blocks.", name_of(format));
}

std::optional<at::ScalarType> gguf_dtype(const GgufType& type) {
  if (type.format != Format::Unquantized) return std::nullopt;
  return type.id == 0 ? at::kFloat : type.id == 1 ? at::kHalf : at::kBFloat16;
}

int64_t gguf_row_bytes(const GgufType& type, int64_t columns) {
  if (columns % type.block_elements == 0) return columns / type.block_elements * type.block_bytes;
  fail(Status::Quant, "Rows of {} elements are no whole {} blocks of {}. The file is damaged; get it again.",
       columns, type.name, type.block_elements);
}

void decode_gguf(const Matrix& matrix, const at::Tensor& out) {
  const auto& type = gguf_type(matrix.format);
  integer::require_parts(matrix, matrix.rows * gguf_row_bytes(type, matrix.columns), 0);
  integer::require_writable(out, matrix.rows * matrix.columns);
  const auto blocks = matrix.codes.contiguous();
  integer::GgufDecodeArguments a;
  a.element = integer::element_of(out);
  a.type = index_of(matrix.format);
  a.rows = out.numel() / type.block_elements;
  a.blocks = static_cast<const uint8_t*>(blocks.data_ptr());
  a.out = out.data_ptr();
  LTX_INTEGER(gguf_decode, a, blocks, type.block_elements);
}

Matrix encode_gguf(const at::Tensor& weight, Format format) {
  integer::require_matrix(weight);
  if (format != Format::Q8_0 && format != Format::Q4_0) {
    fail(Status::Unsupported, "The library reads {} and does not write it. Use gguf-Q8_0 or gguf-Q4_0.",
         name_of(format));
  }
  const auto& type = gguf_type(format);
  const int64_t rows = weight.size(0), columns = weight.size(1);
  gguf_row_bytes(type, columns);
  const auto blocks = weight.detach().to(at::kFloat).reshape({-1, type.block_elements});
  at::Tensor scale, codes;  // F16 [blocks, 1], U8
  if (format == Format::Q8_0) {
    const auto most = blocks.abs().amax(1, true);
    const auto d =
        most / at::full_like(most, 127.0F);  // by a tensor: CUDA multiplies by the reciprocal of a number
    codes = at::where(d > 0, blocks / d, at::zeros_like(d)).round_().to(at::kChar).view(at::kByte);
    scale = d.to(at::kHalf);
  } else {
    // The element of the largest magnitude becomes −8.
    const auto extreme = blocks.gather(1, blocks.abs().argmax(1, true));
    const auto d = extreme / -8.0F;
    const auto q =
        at::where(d != 0, blocks / d, at::zeros_like(d)).add_(8.5F).floor_().clamp_(0, 15).to(at::kByte);
    codes = q.narrow(1, 0, 16).bitwise_or(q.narrow(1, 16, 16).bitwise_left_shift(4));
    scale = d.to(at::kHalf);
  }
  integer::require_finite(scale, weight);
  Matrix m;
  m.format = format;
  m.rows = rows;
  m.columns = columns;
  m.codes = at::cat({scale.contiguous().view(at::kByte), codes}, 1).reshape({rows, -1});
  return m;
}

}  // namespace ltx::formats
