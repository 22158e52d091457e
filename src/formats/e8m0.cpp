#include "formats/e8m0.h"

#include "formats/scalar/e8m0.h"

namespace ltx::formats {

at::Tensor decode_e8m0(const at::Tensor& codes) {
  const auto in = codes.to(at::kCPU, at::kByte).contiguous();
  const auto values = at::empty(in.sizes(), in.options().dtype(at::kFloat));
  float* const out = values.mutable_data_ptr<float>();
  const uint8_t* const code = in.const_data_ptr<uint8_t>();
  for (int64_t i = 0; i < in.numel(); ++i) out[i] = scalar::decode_e8m0(code[i]);
  return values.to(codes.device());
}

}  // namespace ltx::formats
