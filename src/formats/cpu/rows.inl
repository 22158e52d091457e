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
    uint8_t* const codes = a.codes + row * a.codes_stride;
    MaxLanes largest{};
    if (kScaling == Scaling::None) {
      encode_run<E, F, kScaling, kMax>(x, a.columns, 1.0F, top, codes, largest);
    } else {
      const float* const factor = a.factor + row / a.block_rows * blocks;
      for_blocks(a.columns, a.block_columns, [&](int64_t block, int64_t first, int64_t count) {
        if (!a.six_bits) {
          encode_run<E, F, kScaling, kMax>(x + first, count, factor[block], top, codes + first, largest);
          return;
        }
        for (int64_t i = first; i < first + count; i += kLanes) {
          uint8_t unpacked[kLanes];
          encode_run<E, F, kScaling, kMax>(x + i, kLanes, factor[block], top, unpacked, largest);
          pack_six_bits(unpacked, codes + i / 4 * 3);
        }
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
LTX_INLINE void decode_run(const uint8_t* codes, int64_t count, Lanes scale, typename O::Stored* out) {
  for_each(
      count, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        store<O>(out + i, decode<F>(load_bytes(codes + i, n)) * scale, n);
      });
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
      if (a.six_bits) {
        for (int64_t i = first; i < first + count; i += kLanes) {
          uint8_t unpacked[kLanes];
          unpack_six_bits(codes + i / 4 * 3, unpacked);
          O::store(out + i, decode<F>(load_16(unpacked)) * broadcast(by));
        }
      } else {
        decode_run<O, F>(codes + first, count, broadcast(by), out + first);
      }
    });
  }
}

void fp6_pack(const Fp6PackArguments& a, int64_t begin, int64_t end) {
  int64_t i = begin;
  for (; i + 4 <= end; i += 4) pack_six_bits(a.codes + 4 * i, a.packed + 3 * i);
  for (; i < end; ++i) pack_fp6(a.codes + 4 * i, a.packed + 3 * i);
}
void fp6_unpack(const Fp6UnpackArguments& a, int64_t begin, int64_t end) {
  int64_t i = begin;
  for (; i + 4 <= end; i += 4) unpack_six_bits(a.packed + 3 * i, a.codes + 4 * i);
  for (; i < end; ++i) unpack_fp6(a.packed + 3 * i, a.codes + 4 * i);
}

template <class E>
void nvfp4_encode(const Nvfp4EncodeArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  const T* const x = static_cast<const T*>(a.x);
  const float tensor_scale = *a.tensor_scale;
  float factors[256];
  for (int code = 0; code < 256; ++code)
    factors[code] = nvfp4_factor(static_cast<uint8_t>(code), tensor_scale);
  // Blocks of a row, then of the next: sixteen at a time, so that their scales are lanes.
  const int64_t last = end * a.columns / kLanes;
  for (int64_t block = begin * a.columns / kLanes; block < last; block += kLanes) {
    const int64_t count = last - block < kLanes ? last - block : kLanes;
    uint32_t largest[kLanes] = {};
    for (int64_t i = 0; i < count; ++i) {
      MaxLanes lanes{};
      lanes.add(numbers(E::load(x + (block + i) * kLanes)));
      largest[i] = lanes.result();
    }
    Lanes maxima;
    __builtin_memcpy(maxima.r, largest, sizeof largest);
    const Lanes ratio = maxima / broadcast(6.0F) / broadcast(tensor_scale);
    uint8_t scales[kLanes] = {};
    if (tensor_scale > 0) store_16(scales, encode<E4m3>(ratio, maxima, E4m3::kLargest));
    for (int64_t i = 0; i < count; ++i) {
      a.scale[block + i] = scales[i];
      uint8_t codes[kLanes];
      store_16(codes, encode_e2m1(E::load(x + (block + i) * kLanes) * broadcast(factors[scales[i]])));
      pack_nibbles(codes, a.codes + (block + i) * kLanes / 2);
    }
  }
}

template <class O>
void nvfp4_decode(const Nvfp4DecodeArguments& a, int64_t begin, int64_t end) {
  typedef typename O::Stored T;
  T* const out = static_cast<T*>(a.out);
  float totals[256];
  for (int code = 0; code < 256; ++code)
    totals[code] = *a.tensor_scale * decode_e4m3(static_cast<uint8_t>(code));
  for (int64_t block = begin * a.columns / kLanes; block < end * a.columns / kLanes; ++block) {
    uint8_t codes[kLanes];
    unpack_nibbles(a.codes + block * kLanes / 2, codes);
    O::store(out + block * kLanes, decode_e2m1(load_16(codes)) * broadcast(totals[a.scale[block]]));
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
                        LTX_ISA::nvfp4_decode_rows,
                        LTX_ISA::fp6_pack,
                        LTX_ISA::fp6_unpack};

}  // namespace ltx::formats::cpu
