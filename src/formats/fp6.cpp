#include "formats/fp6.h"

#include "formats/fp8_block.h"
#include "formats/launch.h"

namespace ltx::formats {

at::Tensor pack_fp6(const at::Tensor& codes) {
  const auto in = codes.contiguous();
  const auto packed = at::empty({in.size(0), in.size(1) / 4 * 3}, in.options().dtype(at::kByte));
  Fp6PackArguments a;
  a.rows = in.numel() / 4;
  a.codes = bytes_of(in);
  a.packed = mutable_bytes_of(packed);
  LTX_RUN(cpu::rows().fp6_pack, fp6_pack, a, in, 4);
  return packed;
}

at::Tensor unpack_fp6(const at::Tensor& packed) {
  const auto in = packed.contiguous();
  const auto codes = at::empty({in.size(0), in.size(1) / 3 * 4}, in.options().dtype(at::kFloat8_e4m3fn));
  Fp6UnpackArguments a;
  a.rows = in.numel() / 3;
  a.packed = bytes_of(in);
  a.codes = mutable_bytes_of(codes);
  LTX_RUN(cpu::rows().fp6_unpack, fp6_unpack, a, in, 4);
  return codes;
}

Matrix encode_fp6_block128(const at::Tensor& weight, bool reference) {
  // The largest code, 0x1f, is what 0.1171875 has; 0.1172 rounds to it.
  return encode_fp8_block(weight, 0.1172F, reference, /*six_bits=*/true);
}

Matrix fp6_as_fp8(const Matrix& matrix) {
  Matrix out = matrix;
  out.format = Format::Fp8Block128;
  out.codes = unpack_fp6(matrix.codes);
  return out;
}

void decode_fp6_block128(const Matrix& matrix, const at::Tensor& out) {
  decode_under(matrix.codes, matrix.scale, kBlock, kBlock, out, /*six_bits=*/true);
}

}  // namespace ltx::formats
