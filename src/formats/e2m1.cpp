#include "formats/e2m1.h"

#include "formats/scalar/e2m1.h"

namespace ltx::formats {

at::Tensor encode_e2m1(const at::Tensor& x) {
  const auto in = x.to(at::kCPU, at::kFloat).contiguous();
  const auto codes = at::empty(in.sizes(), in.options().dtype(at::kByte));
  const float* const values = in.const_data_ptr<float>();
  uint8_t* const out = codes.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < in.numel(); ++i) out[i] = scalar::encode_e2m1(values[i]);
  return codes.to(x.device());
}

at::Tensor decode_e2m1(const at::Tensor& codes) {
  const auto in = codes.to(at::kCPU, at::kByte).contiguous();
  const auto values = at::empty(in.sizes(), in.options().dtype(at::kFloat));
  float* const out = values.mutable_data_ptr<float>();
  const uint8_t* const code = in.const_data_ptr<uint8_t>();
  for (int64_t i = 0; i < in.numel(); ++i) out[i] = scalar::decode_e2m1(code[i]);
  return values.to(codes.device());
}

}  // namespace ltx::formats
