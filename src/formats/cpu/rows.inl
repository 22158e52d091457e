// The encoders and decoders on rows, written once and compiled per instruction set: the including file names
// the register width, the namespace and the table.

namespace ltx::formats::cpu {
namespace LTX_ISA {
namespace {

#include "kernels/cpu/simd.h"  // into this namespace
#define LTX_INLINE_MEMBER inline __attribute__((always_inline))
#include "formats/cpu/bytes.h"

typedef Fp8EncodeArguments::Scaling Scaling;

/// Calls body(block, first, count) for the blocks of a row.
template <class Body>
LTX_INLINE void for_blocks(int64_t columns, int64_t block, Body&& body) {
  int64_t index = 0;
  for (int64_t first = 0; first < columns; first += block, ++index)
    body(index, first, columns - first < block ? columns - first : block);
}

template <class E, bool kSkipNan = false>
LTX_INLINE uint32_t max_of(const typename E::Stored* x, int64_t count) {
  MaxLanes largest{};
  for_each(
      count, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        const Lanes v = load<E>(x + i, n);
        largest.add(kSkipNan ? numbers(v) : v);
      });
  return largest.result();
}

template <class E>
void block_max(const BlockMaxArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  const int64_t blocks = (a.columns + a.block - 1) / a.block;
  for (int64_t row = begin; row < end; ++row) {
    const T* const x = static_cast<const T*>(a.x) + row * a.columns;
    int32_t* const bits = a.bits + row * blocks;
    for_blocks(a.columns, a.block, [&](int64_t block, int64_t first, int64_t count) {
      bits[block] =
          static_cast<int32_t>(a.skip_nan ? max_of<E, true>(x + first, count) : max_of<E>(x + first, count));
    });
  }
}

template <class E, class F, Scaling kScaling, bool kMax>
LTX_INLINE void encode_run(const typename E::Stored* x, int64_t count, float by, uint32_t top, uint8_t* codes,
                           MaxLanes& largest) {
  const Lanes factor = broadcast(by);
  for_each(
      count, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        const Lanes plain = load<E>(x + i, n);
        Lanes v = plain;
        if (kMax) largest.add(plain);
        if (kScaling == Scaling::Divide) v = v / factor;
        if (kScaling == Scaling::Multiply) v = v * factor;
        if (kScaling == Scaling::MultiplyRounded) v = Bf16::round(v * factor);
        store_bytes(codes + i, encode<F>(v, plain, top), n);
      });
}

template <class E, class F, Scaling kScaling, bool kMax>
void fp8_encode(const Fp8EncodeArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  const int64_t blocks = (a.columns + a.block_columns - 1) / a.block_columns;
  const uint32_t top = a.saturate ? F::kLargest : F::kBeyond;
  for (int64_t row = begin; row < end; ++row) {
    const T* const x = static_cast<const T*>(a.x) + row * a.columns;
    uint8_t* const codes = a.codes + row * a.columns;
    MaxLanes largest{};
    if (kScaling == Scaling::None) {
      encode_run<E, F, kScaling, kMax>(x, a.columns, 1.0F, top, codes, largest);
    } else {
      const float* const factor = a.factor + row / a.block_rows * blocks;
      for_blocks(a.columns, a.block_columns, [&](int64_t block, int64_t first, int64_t count) {
        encode_run<E, F, kScaling, kMax>(x + first, count, factor[block], top, codes + first, largest);
      });
    }
    if (kMax) a.bits[row] = static_cast<int32_t>(largest.result());
  }
}

template <class E>
void fp8_quantize(const Fp8QuantizeArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  const int64_t blocks = (a.columns + a.block - 1) / a.block;
  for (int64_t row = begin; row < end; ++row) {
    const T* const x = static_cast<const T*>(a.x) + row * a.columns;
    uint8_t* const codes = a.codes + row * a.codes_stride;
    for_blocks(a.columns, a.block, [&](int64_t block, int64_t first, int64_t count) {
      const BlockScale scale = block_scale(a.rule, max_of<E>(x + first, count));
      if (a.exponent) {
        a.exponent[row * blocks + block] = scale.exponent;
      } else {
        a.scale[row * blocks + block] = scale.scale;
      }
      MaxLanes unused{};
      if (a.rule.form == ScaleRule::Form::Quotient) {
        encode_run<E, E4m3, Scaling::Divide, false>(x + first, count, scale.factor, E4m3::kLargest,
                                                    codes + first, unused);
      } else {
        encode_run<E, E4m3, Scaling::Multiply, false>(x + first, count, scale.factor, E4m3::kLargest,
                                                      codes + first, unused);
      }
    });
  }
}

template <class O, class F>
void fp8_decode(const Fp8DecodeArguments& a, int64_t begin, int64_t end) {
  typedef typename O::Stored T;
  for (int64_t row = begin; row < end; ++row) {
    const uint8_t* const codes = a.codes + row * a.codes_stride;
    T* const out = static_cast<T*>(a.out) + row * a.columns;
    const int64_t scales = row / a.block_rows * a.scale_stride;
    for_blocks(a.columns, a.block_columns, [&](int64_t block, int64_t first, int64_t count) {
      const float by =
          a.exponent ? decode_e8m0(a.exponent[scales + block]) : (a.scale ? a.scale[scales + block] : 1.0F);
      const Lanes scale = broadcast(by);
      for_each(
          count, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            store<O>(out + first + i, decode<F>(load_bytes(codes + first + i, n)) * scale, n);
          });
    });
  }
}

template <class E>
void nvfp4_encode(const Nvfp4EncodeArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  const float tensor_scale = *a.tensor_scale;
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t first = 0; first < a.columns; first += kLanes) {
      const int64_t at = row * a.columns + first;
      const Lanes x = E::load(static_cast<const T*>(a.x) + at);
      MaxLanes largest{};
      largest.add(numbers(x));
      const uint8_t scale = nvfp4_block_scale(float_of(largest.result()), tensor_scale);
      a.scale[at / kLanes] = scale;
      uint8_t codes[kLanes];
      store_16(codes, encode_e2m1(x * broadcast(nvfp4_factor(scale, tensor_scale))));
      uint8_t* const out = a.codes + at / 2;
      for (int i = 0; i < kLanes / 2; ++i)
        out[i] = static_cast<uint8_t>(codes[2 * i] << 4 | codes[2 * i + 1]);
    }
  }
}

template <class O>
void nvfp4_decode(const Nvfp4DecodeArguments& a, int64_t begin, int64_t end) {
  typedef typename O::Stored T;
  const float tensor_scale = *a.tensor_scale;
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t first = 0; first < a.columns; first += kLanes) {
      const int64_t at = row * a.columns + first;
      const uint8_t* const pairs = a.codes + at / 2;
      uint8_t codes[kLanes];
      for (int i = 0; i < kLanes / 2; ++i) {
        codes[2 * i] = pairs[i] >> 4;
        codes[2 * i + 1] = pairs[i] & 15U;
      }
      const Lanes scale = broadcast(tensor_scale * decode_e4m3(a.scale[at / kLanes]));
      O::store(static_cast<T*>(a.out) + at, decode_e2m1(load_16(codes)) * scale);
    }
  }
}

void block_max_rows(const BlockMaxArguments& a, int64_t begin, int64_t end) {
  return a.element == Element::Float ? block_max<Fp32>(a, begin, end) : block_max<WideBf16>(a, begin, end);
}

template <class E, class F, Scaling kScaling>
void fp8_encode_as(const Fp8EncodeArguments& a, int64_t begin, int64_t end) {
  return a.bits ? fp8_encode<E, F, kScaling, true>(a, begin, end)
                : fp8_encode<E, F, kScaling, false>(a, begin, end);
}
template <class E, class F>
void fp8_encode_by(const Fp8EncodeArguments& a, int64_t begin, int64_t end) {
  switch (a.scaling) {
    case Scaling::None:
      return fp8_encode_as<E, F, Scaling::None>(a, begin, end);
    case Scaling::Multiply:
      return fp8_encode_as<E, F, Scaling::Multiply>(a, begin, end);
    case Scaling::MultiplyRounded:
      return fp8_encode_as<E, F, Scaling::MultiplyRounded>(a, begin, end);
    case Scaling::Divide:
      return fp8_encode_as<E, F, Scaling::Divide>(a, begin, end);
  }
}
template <class E>
void fp8_encode_code(const Fp8EncodeArguments& a, int64_t begin, int64_t end) {
  return a.code == Code::E4m3 ? fp8_encode_by<E, E4m3>(a, begin, end) : fp8_encode_by<E, E5m2>(a, begin, end);
}
void fp8_encode_rows(const Fp8EncodeArguments& a, int64_t begin, int64_t end) {
  return a.element == Element::Float ? fp8_encode_code<Fp32>(a, begin, end)
                                     : fp8_encode_code<WideBf16>(a, begin, end);
}

void fp8_quantize_rows(const Fp8QuantizeArguments& a, int64_t begin, int64_t end) {
  return a.element == Element::Float ? fp8_quantize<Fp32>(a, begin, end)
                                     : fp8_quantize<WideBf16>(a, begin, end);
}

template <class O>
void fp8_decode_code(const Fp8DecodeArguments& a, int64_t begin, int64_t end) {
  return a.code == Code::E4m3 ? fp8_decode<O, E4m3>(a, begin, end) : fp8_decode<O, E5m2>(a, begin, end);
}
void fp8_decode_rows(const Fp8DecodeArguments& a, int64_t begin, int64_t end) {
  return a.out_element == Element::Float ? fp8_decode_code<Fp32>(a, begin, end)
                                         : fp8_decode_code<Bf16>(a, begin, end);
}

void nvfp4_encode_rows(const Nvfp4EncodeArguments& a, int64_t begin, int64_t end) {
  return a.element == Element::Float ? nvfp4_encode<Fp32>(a, begin, end)
                                     : nvfp4_encode<WideBf16>(a, begin, end);
}
void nvfp4_decode_rows(const Nvfp4DecodeArguments& a, int64_t begin, int64_t end) {
  return a.out_element == Element::Float ? nvfp4_decode<Fp32>(a, begin, end)
                                         : nvfp4_decode<Bf16>(a, begin, end);
}

}  // namespace
}  // namespace LTX_ISA

extern const Rows LTX_TABLE;
const Rows LTX_TABLE = {LTX_ISA_NAME,
                        LTX_ISA::block_max_rows,
                        LTX_ISA::fp8_encode_rows,
                        LTX_ISA::fp8_quantize_rows,
                        LTX_ISA::fp8_decode_rows,
                        LTX_ISA::nvfp4_encode_rows,
                        LTX_ISA::nvfp4_decode_rows};

}  // namespace ltx::formats::cpu
