// Sixteen elements of four bits under a scale in e4m3 and one in fp32: a thread does one block.
#include "formats/cuda/kernels.h"
#include "formats/cuda/launch.cuh"
#include "formats/scalar/e2m1.h"

namespace ltx::formats::cuda {
namespace {

constexpr int kBlock = 16;

template <class T>
struct Encode {
  Nvfp4EncodeArguments a;

  __device__ void operator()(int64_t item) const {
    const T* const x = static_cast<const T*>(a.x) + item * kBlock;
    float v[kBlock];
    uint32_t largest = 0;
    for (int i = 0; i < kBlock; ++i) {
      v[i] = value_of(x[i]);
      const uint32_t magnitude = magnitude_of(v[i]);
      if (magnitude > largest && magnitude <= scalar::kInfinity) largest = magnitude;
    }
    const float tensor_scale = *a.tensor_scale;
    const uint8_t scale = scalar::nvfp4_block_scale(scalar::float_of(largest), tensor_scale);
    const float factor = scalar::nvfp4_factor(scale, tensor_scale);
    Packed<uint8_t, kBlock / 2> codes;
    for (int i = 0; i < kBlock / 2; ++i)
      codes.e[i] = static_cast<uint8_t>(scalar::encode_e2m1(v[2 * i] * factor) << 4 |
                                        scalar::encode_e2m1(v[2 * i + 1] * factor));
    *reinterpret_cast<Packed<uint8_t, kBlock / 2>*>(a.codes + item * kBlock / 2) = codes;
    a.scale[item] = scale;
  }
};

template <class T>
struct Decode {
  Nvfp4DecodeArguments a;

  __device__ void operator()(int64_t item) const {
    const uint8_t* const codes = a.codes + item * kBlock / 2;
    const float scale = *a.tensor_scale * scalar::decode_e4m3(a.scale[item]);
    T* const out = static_cast<T*>(a.out) + item * kBlock;
    for (int i = 0; i < kBlock / 2; ++i) {
      out[2 * i] = element_of<T>(scalar::decode_e2m1(codes[i] >> 4) * scale);
      out[2 * i + 1] = element_of<T>(scalar::decode_e2m1(codes[i] & 15U) * scale);
    }
  }
};

}  // namespace

void nvfp4_encode(const Nvfp4EncodeArguments& a, cudaStream_t stream) {
  const int64_t items = a.rows * a.columns / kBlock;
  return a.element == Element::Float ? each(Encode<float>{a}, items, stream)
                                     : each(Encode<uint16_t>{a}, items, stream);
}

void nvfp4_decode(const Nvfp4DecodeArguments& a, cudaStream_t stream) {
  const int64_t items = a.rows * a.columns / kBlock;
  return a.out_element == Element::Float ? each(Decode<float>{a}, items, stream)
                                         : each(Decode<uint16_t>{a}, items, stream);
}

}  // namespace ltx::formats::cuda
