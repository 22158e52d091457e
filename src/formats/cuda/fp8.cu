// e4m3 and e5m2 with scales of any block shape.
#include "formats/cuda/kernels.h"
#include "formats/cuda/launch.cuh"

namespace ltx::formats::cuda {
namespace {

typedef Fp8EncodeArguments::Scaling Scaling;

template <class T>
struct BlockMax {
  BlockMaxArguments a;
  int64_t blocks;  // of a row

  template <int kSize>
  __device__ void operator()(int64_t item, const Group<kSize>& group) const {
    const int64_t row = item / blocks, first = item % blocks * a.block;
    const int64_t count = a.columns - first < a.block ? a.columns - first : a.block;
    const T* const x = static_cast<const T*>(a.x) + row * a.columns + first;
    uint32_t largest = 0;
    for (int64_t i = group.rank; i < count; i += kSize) {
      const uint32_t magnitude = magnitude_of(value_of(x[i]));
      if (magnitude > largest && !(a.skip_nan && magnitude > scalar::kInfinity)) largest = magnitude;
    }
    largest = group.max(largest);
    if (group.rank == 0) a.bits[item] = static_cast<int32_t>(largest);
  }
};

struct ScalesOf {
  ScaleArguments a;
  __device__ void operator()(int64_t i) const {
    const auto scale = scalar::block_scale(a.rule, static_cast<uint32_t>(a.bits[i]));
    a.scale[i] = scale.scale;
    a.factor[i] = scale.factor;
  }
};

__device__ __forceinline__ float scaled(float v, float factor, Scaling scaling) {
  switch (scaling) {
    case Scaling::None:
      return v;
    case Scaling::Multiply:
      return v * factor;
    case Scaling::MultiplyRounded:
      return scalar::round_to_bf16(v * factor);
    case Scaling::Divide:
      return v / factor;
  }
  return v;
}

/// N neighbouring elements in one access, or one by one at an address that does not allow that.
template <bool kWhole, class T, int N>
__device__ __forceinline__ void load(const T* p, Packed<T, N>& values) {
  if constexpr (kWhole) {
    values = *reinterpret_cast<const Packed<T, N>*>(p);
  } else {
    for (int i = 0; i < N; ++i) values.e[i] = p[i];
  }
}
template <bool kWhole, class T, int N>
__device__ __forceinline__ void store(const Packed<T, N>& values, T* p) {
  if constexpr (kWhole) {
    *reinterpret_cast<Packed<T, N>*>(p) = values;
  } else {
    for (int i = 0; i < N; ++i) p[i] = values.e[i];
  }
}

/// An item is N elements of one block of a row; six bits need whole groups of four.
template <class T, int N, bool kWhole = true>
struct Encode {
  Fp8EncodeArguments a;
  int64_t blocks;  // of a row

  __device__ void operator()(int64_t item) const {
    const int64_t at = item * N, row = at / a.columns, column = at % a.columns;
    float factor = 1.0F;
    if (a.scaling != Scaling::None) factor = a.factor[row / a.block_rows * blocks + column / a.block_columns];
    Packed<T, N> x;
    load<kWhole>(static_cast<const T*>(a.x) + at, x);
    Packed<uint8_t, N> codes;
    for (int i = 0; i < N; ++i) {
      const float plain = value_of(x.e[i]), v = scaled(plain, factor, a.scaling);
      codes.e[i] = a.code == Code::E4m3 ? scalar::encode_scaled<scalar::E4m3>(v, plain, a.saturate)
                                        : scalar::encode_scaled<scalar::E5m2>(v, plain, a.saturate);
    }
    uint8_t* const out = a.codes + row * a.codes_stride;
    if constexpr (N % 4 == 0) {
      if (a.six_bits) {
        for (int i = 0; i < N / 4; ++i) scalar::pack_fp6(codes.e + 4 * i, out + column / 4 * 3 + 3 * i);
        return;
      }
    }
    store<kWhole>(codes, out + column);
  }
};

template <class T>
struct Quantize {
  Fp8QuantizeArguments a;
  int64_t blocks;  // of a row

  template <int kSize>
  __device__ void operator()(int64_t item, const Group<kSize>& group) const {
    const int64_t row = item / blocks, first = item % blocks * a.block;
    const int64_t count = a.columns - first < a.block ? a.columns - first : a.block;
    const T* const x = static_cast<const T*>(a.x) + row * a.columns + first;
    uint8_t* const codes = a.codes + row * a.codes_stride + first;
    uint32_t largest = 0;
    for (int64_t i = group.rank; i < count; i += kSize) {
      const uint32_t magnitude = magnitude_of(value_of(x[i]));
      largest = magnitude > largest ? magnitude : largest;
    }
    const auto scale = scalar::block_scale(a.rule, group.max(largest));
    const bool divide = a.rule.form == ScaleRule::Form::Quotient;
    for (int64_t i = group.rank; i < count; i += kSize) {
      const float v = value_of(x[i]);
      codes[i] = scalar::encode_scaled<scalar::E4m3>(divide ? v / scale.factor : v * scale.factor, v);
    }
    if (group.rank != 0) return;
    if (a.exponent) {
      a.exponent[item] = scale.exponent;
    } else {
      a.scale[item] = scale.scale;
    }
  }
};

/// An item is N elements of one block of a row; six bits need whole groups of four.
template <class T, int N, bool kWhole = true>
struct Decode {
  Fp8DecodeArguments a;

  __device__ void operator()(int64_t item) const {
    const int64_t at = item * N, row = at / a.columns, column = at % a.columns;
    const int64_t block = row / a.block_rows * a.scale_stride + column / a.block_columns;
    const float scale =
        a.exponent ? scalar::decode_e8m0(a.exponent[block]) : (a.scale ? a.scale[block] : 1.0F);
    Packed<uint8_t, N> codes;
    codes_at(a.codes + row * a.codes_stride, column, codes);
    Packed<T, N> out;
    for (int i = 0; i < N; ++i) {
      const float v = a.code == Code::E4m3 ? scalar::decode_float8<scalar::E4m3>(codes.e[i])
                                           : scalar::decode_float8<scalar::E5m2>(codes.e[i]);
      out.e[i] = element_of<T>(v * scale);
    }
    store<kWhole>(out, static_cast<T*>(a.out) + at);
  }

  __device__ void codes_at(const uint8_t* row, int64_t column, Packed<uint8_t, N>& codes) const {
    if constexpr (N % 4 == 0) {
      if (a.six_bits) {
        for (int i = 0; i < N / 4; ++i) scalar::unpack_fp6(row + column / 4 * 3 + 3 * i, codes.e + 4 * i);
        return;
      }
    }
    load<kWhole>(row + column, codes);
  }
};

constexpr int kVector = 8;

bool aligned(const void* p, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(p) % static_cast<uintptr_t>(bytes) == 0;
}

template <class T>
void encode_as(const Fp8EncodeArguments& a, cudaStream_t stream) {
  const int64_t blocks = (a.columns + a.block_columns - 1) / a.block_columns, count = a.rows * a.columns;
  const bool one_block = a.scaling == Scaling::None || a.block_columns % kVector == 0;
  if (a.columns % kVector == 0 && one_block && aligned(a.x, sizeof(T) * kVector) &&
      (a.six_bits || (a.codes_stride % kVector == 0 && aligned(a.codes, kVector))))
    return each(Encode<T, kVector>{a, blocks}, count / kVector, stream);
  if (a.six_bits) return each(Encode<T, 4, false>{a, blocks}, count / 4, stream);
  each(Encode<T, 1>{a, blocks}, count, stream);
}

template <class T>
void decode_as(const Fp8DecodeArguments& a, cudaStream_t stream) {
  const int64_t count = a.rows * a.columns;
  const bool vectors = a.six_bits || (a.codes_stride % kVector == 0 && aligned(a.codes, kVector));
  if (a.columns % kVector == 0 && a.block_columns % kVector == 0 && vectors &&
      aligned(a.out, sizeof(T) * kVector))
    return each(Decode<T, kVector>{a}, count / kVector, stream);
  if (a.six_bits) return each(Decode<T, 4, false>{a}, count / 4, stream);
  each(Decode<T, 1>{a}, count, stream);
}

}  // namespace

void block_max(const BlockMaxArguments& a, cudaStream_t stream) {
  const int64_t blocks = (a.columns + a.block - 1) / a.block;
  if (a.element == Element::Float) {
    groups(BlockMax<float>{a, blocks}, a.rows * blocks, a.block, stream);
  } else {
    groups(BlockMax<uint16_t>{a, blocks}, a.rows * blocks, a.block, stream);
  }
}

void scales(const ScaleArguments& a, cudaStream_t stream) {
  each(ScalesOf{a}, a.rows, stream);
}

void fp8_encode(const Fp8EncodeArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return;
  if (a.bits) block_max({a.element, a.rows, a.columns, a.columns, false, a.x, a.bits}, stream);
  return a.element == Element::Float ? encode_as<float>(a, stream) : encode_as<uint16_t>(a, stream);
}

void fp8_quantize(const Fp8QuantizeArguments& a, cudaStream_t stream) {
  const int64_t blocks = (a.columns + a.block - 1) / a.block;
  if (a.element == Element::Float) {
    groups(Quantize<float>{a, blocks}, a.rows * blocks, a.block, stream);
  } else {
    groups(Quantize<uint16_t>{a, blocks}, a.rows * blocks, a.block, stream);
  }
}

void fp8_decode(const Fp8DecodeArguments& a, cudaStream_t stream) {
  return a.out_element == Element::Float ? decode_as<float>(a, stream) : decode_as<uint16_t>(a, stream);
}

}  // namespace ltx::formats::cuda
