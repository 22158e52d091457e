// The integer formats' rows, written once and compiled per instruction set: the including file names the
// register width, the namespace and the table.
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "formats/scalar/gguf.h"

namespace ltx::formats::cpu {
namespace LTX_ISA {
namespace {

using namespace integer;

// clang-format off
#include "kernels/cpu/simd.h"
// The next needs the one above.
#include "formats/cpu/integer_codes.h"
// clang-format on

LTX_INLINE float largest_magnitude(Lanes bits) {
  int32_t lane[kLanes];
  __builtin_memcpy(lane, bits.r, sizeof lane);
  int32_t most = 0;
  for (const int32_t value : lane) most = value > most ? value : most;
  return integer::float_of(static_cast<uint32_t>(most));
}
/// The larger magnitudes, as the integers that their bits are: NaN above Inf above all values.
LTX_INLINE Lanes larger_magnitude(Lanes most, Lanes v) {
  for (int i = 0; i < kRegisters; ++i) {
    const IntRegister a = (IntRegister)most.r[i], b = (IntRegister)v.r[i] & 0x7fffffff;
    most.r[i] = (FloatRegister)(b > a ? b : a);
  }
  return most;
}

template <class E>
LTX_INLINE float amax_of(const typename E::Stored* x, int64_t count) {
  Lanes most = broadcast(0);
  for_each(
      count, [&](int64_t i, int64_t n)
                 __attribute__((always_inline)) { most = larger_magnitude(most, load<E>(x + i, n)); });
  return largest_magnitude(most);
}

template <class E>
void amax(const AmaxArguments& a, int64_t begin, int64_t end) {
  const auto* const x = static_cast<const typename E::Stored*>(a.x);
  for (int64_t row = begin; row < end; ++row) a.amax[row] = amax_of<E>(x + row * a.columns, a.columns);
}

/// Codes of already scaled values.
LTX_INLINE void put_int8(int8_t* codes, Lanes scaled, uint8_t flip, int64_t n) {
  put_bytes(codes, low_bytes(nearest_bits(clamped(scaled, -128.0F, 127.0F))) ^ flip, n);
}

template <class E>
void int8_encode(const Int8EncodeArguments& a, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const auto* const x = static_cast<const typename E::Stored*>(a.x) + row * a.columns;
    int8_t* const codes = a.codes + row * a.columns;
    float scale;
    if (a.scale_given) {
      scale = *a.scale;
    } else {
      const float most = amax_of<E>(x, a.columns);
      scale = a.rule == Int8Rule::Row      ? integer::int8_row_scale(most, a.rounding)
              : a.rule == Int8Rule::Filter ? integer::int8_filter_scale(most)
                                           : integer::int8_tensorwise_scale(most);
      a.scale[row] = scale;
    }
    if (a.rule != Int8Rule::Tensorwise) {
      const Lanes inverse = broadcast(1.0F / scale);
      for_each(
          a.columns, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            put_int8(codes + i, load<E>(x + i, n) * inverse, a.flip, n);
          });
      continue;
    }
    const float divisor = integer::int8_divisor(scale, a.rounding);
    const Lanes divisors = broadcast(divisor);
    if (a.rounding == Rounding::Half) {
      float value[kLanes];
      for_each(a.columns, [&](int64_t i, int64_t n) {
        Fp32::store(value, load<E>(x + i, n));
        for (int64_t k = 0; k < n; ++k) {
          const int8_t code = integer::int8_code_by_quotient(value[k], divisor, a.rounding);
          codes[i + k] = static_cast<int8_t>(code ^ static_cast<int8_t>(a.flip));
        }
      });
    } else {
      const bool narrow = a.rounding == Rounding::BFloat16;
      for_each(
          a.columns, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            const Lanes quotient = load<E>(x + i, n) / divisors;
            put_int8(codes + i, narrow ? Bf16::round(quotient) : quotient, a.flip, n);
          });
    }
  }
}

template <class E>
void int8_decode(const Int8DecodeArguments& a, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const int8_t* const codes = a.codes + row * a.columns;
    auto* const out = static_cast<typename E::Stored*>(a.out) + row * a.columns;
    const Lanes scale = broadcast(integer::plain(a.scale[row * a.scale_stride]));
    for_each(
        a.columns, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
          store<E>(out + i, from_signed(bytes_at(codes + i, n) ^ a.flip) * scale, n);
        });
  }
}

template <class E>
void int4_encode(const Int4EncodeArguments& a, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const auto* const x = static_cast<const typename E::Stored*>(a.x) + row * a.group;
    Lanes low = E::load(x), high = low, most = broadcast(0);
    for (int64_t i = 0; i < a.group; i += kLanes) {
      const Lanes v = E::load(x + i);
      low = lower(low, v);
      high = higher(high, v);
      most = larger_magnitude(most, v);
    }
    const float amax = largest_magnitude(most);
    integer::Int4Group g;
    if (a.zero) {
      float lows[kLanes], highs[kLanes];
      Fp32::store(lows, low);
      Fp32::store(highs, high);
      for (int i = 1; i < kLanes; ++i) {
        lows[0] = lows[i] < lows[0] ? lows[i] : lows[0];
        highs[0] = highs[i] > highs[0] ? highs[i] : highs[0];
      }
      g = integer::int4_group(lows[0], highs[0], a.reference);
      a.zero[row] = g.zero;
    } else {
      g = integer::int4_symmetric_group(amax);
    }
    a.scale[row] = integer::finite(amax) ? g.scale : uint16_t{0x7fc0};
    const Lanes zero = broadcast(g.code_zero), scale = broadcast(g.code_scale);
    const auto codes_of = [&](const typename E::Stored* p) __attribute__((always_inline)) {
      const Lanes q = nearest_bits(clamped((E::load(p) - zero) / scale, -8.0F, 7.0F));
      return (low_bytes(q) + uint8_t{8}) & uint8_t{15};
    };
    uint8_t* const codes = a.codes + row * (a.group / 2);
    for (int64_t i = 0; i < a.group; i += 2 * kLanes) {
      put_bytes(codes + i / 2, packed({codes_of(x + i), codes_of(x + i + kLanes)}), kLanes);
    }
  }
}

template <class E>
void int4_decode(const Int4DecodeArguments& a, int64_t begin, int64_t end) {
  const Lanes eight = broadcast(8.0F);
  for (int64_t row = begin; row < end; ++row) {
    const uint8_t* const codes = a.codes + row * (a.group / 2);
    auto* const out = static_cast<typename E::Stored*>(a.out) + row * a.group;
    const Lanes scale = broadcast(integer::from_bf16(a.scale[row]));
    const auto decode = [&](auto value) __attribute__((always_inline)) {
      for (int64_t i = 0; i < a.group; i += 2 * kLanes) {
        const NibblePair q = nibbles_at(codes + i / 2);
        E::store(out + i, value((from_unsigned(q.first) - eight) * scale));
        E::store(out + i + kLanes, value((from_unsigned(q.second) - eight) * scale));
      }
    };
    if (a.zero) {
      const Lanes zero = broadcast(integer::from_bf16(a.zero[row]));
      decode([&](Lanes v) __attribute__((always_inline)) { return v + zero; });
    } else {
      decode([](Lanes v) __attribute__((always_inline)) { return v; });
    }
  }
}

/// How many boundaries lie below each value. With one lookup among sixteen it is a search by halves.
LTX_INLINE Bytes nf4_codes(Lanes v, [[maybe_unused]] const Table& boundaries) {
#if LTX_REGISTER_BYTES == 64
  __m512i count = _mm512_setzero_si512();
  for (int step = 8; step > 0; step /= 2) {
    const __m512i at = _mm512_add_epi32(count, _mm512_set1_epi32(step - 1));
    const __m512 boundary = _mm512_permutexvar_ps(at, boundaries.values);
    const __mmask16 above = _mm512_cmp_ps_mask((__m512)v.r[0], boundary, _CMP_GT_OQ);
    count = _mm512_mask_add_epi32(count, above, count, _mm512_set1_epi32(step));
  }
  return (Bytes)_mm512_cvtepi32_epi8(count);
#else
  Lanes count = broadcast(0);  // as integers
  for (int k = 0; k < 15; ++k) {
    const Lanes boundary = broadcast(integer::nf4_boundary(k));
    for (int i = 0; i < kRegisters; ++i) {
      count.r[i] = (FloatRegister)((IntRegister)count.r[i] - (IntRegister)(v.r[i] > boundary.r[i]));
    }
  }
  return low_bytes(count);
#endif
}

template <class E>
void nf4_encode(const Nf4EncodeArguments& a, int64_t begin, int64_t end) {
  float boundaries[16] = {};
  for (int k = 0; k < 15; ++k) boundaries[k] = integer::nf4_boundary(k);
  const Table table(boundaries);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t first = row * a.block, count = a.elements - first < a.block ? a.elements - first : a.block;
    const auto* const x = static_cast<const typename E::Stored*>(a.x) + first;
    const float amax = amax_of<E>(x, count);
    a.amax[row] = amax;
    const Lanes inverse = broadcast(integer::nf4_inverse(amax));
    uint8_t* const codes = a.codes + first / 2;
    for (int64_t i = 0; i < count; i += 2 * kLanes) {
      const int64_t n = count - i, ahead = n < kLanes ? n : kLanes,
                    behind = n - ahead < kLanes ? n - ahead : kLanes;
      const Lanes u = load<E>(x + i, ahead) * inverse, v = load<E>(x + i + ahead, behind) * inverse;
      const NibblePair pair = {nf4_codes(clamped(u, -1.0F, 1.0F), table),
                               nf4_codes(clamped(v, -1.0F, 1.0F), table)};
      put_bytes(codes + i / 2, packed(pair), (ahead + behind + 1) / 2);
    }
  }
}

template <class E>
void nf4_decode(const Nf4DecodeArguments& a, int64_t begin, int64_t end) {
  const Table table(a.table);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t first = row * a.block, count = a.elements - first < a.block ? a.elements - first : a.block;
    const uint8_t* const codes = a.codes + first / 2;
    auto* const out = static_cast<typename E::Stored*>(a.out) + first;
    const float most = integer::plain(a.amax[row]);
    const Lanes amax = broadcast(most);
    int64_t i = 0;
    for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
      const NibblePair q = nibbles_at(codes + i / 2);
      E::store(out + i, look_up(table, q.first) * amax);
      E::store(out + i + kLanes, look_up(table, q.second) * amax);
    }
    for (; i < count; ++i) {
      const float value = a.table[i % 2 ? codes[i / 2] & 15 : codes[i / 2] >> 4] * most;
      store_part<E>(out + i, broadcast(value), 1);
    }
  }
}

// H₄ along one digit to the base 4 of every index, as integer::hadamard: the sum of the four, less twice the
// one at the other end.

/// The digits of weight 1, and of weight 4.
LTX_INLINE Lanes hadamard_lanes(Lanes x) {
  const Lanes other = lanes_reversed(x), ends = x + other;
  return (ends + lanes_swapped(ends)) - (other + other);
}
LTX_INLINE Lanes hadamard_quads(Lanes x) {
  const Lanes other = quads_reversed(x), ends = x + other;
  return (ends + quads_swapped(ends)) - (other + other);
}
/// The digit of weight `step`, a multiple of sixteen, in place.
LTX_INLINE void hadamard_digit(float* v, int64_t group, int64_t step) {
  for (int64_t base = 0; base < group; base += 4 * step) {
    for (int64_t i = base; i < base + step; i += kLanes) {
      const Lanes a = Fp32::load(v + i), b = Fp32::load(v + i + step), c = Fp32::load(v + i + 2 * step),
                  d = Fp32::load(v + i + 3 * step);
      const Lanes sum = (a + d) + (b + c);
      Fp32::store(v + i, sum - (d + d));
      Fp32::store(v + i + step, sum - (c + c));
      Fp32::store(v + i + 2 * step, sum - (b + b));
      Fp32::store(v + i + 3 * step, sum - (a + a));
    }
  }
}

/// `load(i, n)` yields n elements of the group from i.
template <class O, class Load>
LTX_INLINE void rotate_group(typename O::Stored* out, int64_t group, float* buffer, Lanes factor, Load load) {
  if (group < kLanes) {
    store<O>(out, hadamard_lanes(load(0, group) * factor), group);
    return;
  }
  for (int64_t i = 0; i < group; i += kLanes) {
    Fp32::store(buffer + i, hadamard_quads(hadamard_lanes(load(i, int64_t{kLanes}) * factor)));
  }
  for (int64_t step = kLanes; step < group; step *= 4) hadamard_digit(buffer, group, step);
  for (int64_t i = 0; i < group; i += kLanes) O::store(out + i, Fp32::load(buffer + i));
}

template <class O>
void rotate(const RotateArguments& a, int64_t begin, int64_t end) {
  float buffer[kLargestRotation];
  const Lanes factor = broadcast(integer::rotation_factor(a.group));
  for (int64_t row = begin; row < end; ++row) {
    auto* const out = static_cast<typename O::Stored*>(a.out) + row * a.group;
    if (!a.x) {
      const int8_t* const codes = a.codes + row * a.group;
      const Lanes scale = broadcast(integer::plain(a.scale[row / a.groups_per_scale]));
      rotate_group<O>(
          out, a.group, buffer, factor, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            return from_signed(bytes_at(codes + i, n)) * scale;
          });
    } else if (a.element == Element::Float) {
      const float* const x = static_cast<const float*>(a.x) + row * a.group;
      rotate_group<O>(
          out, a.group, buffer,
          factor, [&](int64_t i, int64_t n) __attribute__((always_inline)) { return load<Fp32>(x + i, n); });
    } else {
      const uint16_t* const x = static_cast<const uint16_t*>(a.x) + row * a.group;
      rotate_group<O>(
          out, a.group, buffer,
          factor, [&](int64_t i, int64_t n) __attribute__((always_inline)) { return load<Bf16>(x + i, n); });
    }
  }
}

// GGUF blocks: b is the block, out takes its values.

constexpr uint8_t kLow = 15;

/// Sixteen times bit `bit` of q, for codes whose fifth bit lies apart.
LTX_INLINE Bytes fifth(const uint8_t* qh) {
  const uint64_t spread = 0x0101010101010101U;
  const Longs halves = {qh[0] * spread, qh[1] * spread};
  const Bytes bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  return where_set((Bytes)halves, bits, 16);
}

template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q8_0, const uint8_t* b, Out* out) {
  const Lanes d = broadcast(integer::f16_at(b));
  for (int i = 0; i < 32; i += kLanes) E::store(out + i, from_signed(bytes_at(b + 2 + i)) * d);
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q4_0, const uint8_t* b, Out* out) {
  const Lanes d = broadcast(integer::f16_at(b)), centre = broadcast(8.0F);
  const Bytes q = bytes_at(b + 2);
  E::store(out, (from_unsigned(q & kLow) - centre) * d);
  E::store(out + 16, (from_unsigned(shifted<4>(q)) - centre) * d);
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q4_1, const uint8_t* b, Out* out) {
  const Lanes d = broadcast(integer::f16_at(b)), m = broadcast(integer::f16_at(b + 2));
  const Bytes q = bytes_at(b + 4);
  E::store(out, from_unsigned(q & kLow) * d + m);
  E::store(out + 16, from_unsigned(shifted<4>(q)) * d + m);
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q5_0, const uint8_t* b, Out* out) {
  const Lanes d = broadcast(integer::f16_at(b)), centre = broadcast(16.0F);
  const Bytes q = bytes_at(b + 6);
  E::store(out, (from_unsigned((q & kLow) | fifth(b + 2)) - centre) * d);
  E::store(out + 16, (from_unsigned(shifted<4>(q) | fifth(b + 4)) - centre) * d);
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q5_1, const uint8_t* b, Out* out) {
  const Lanes d = broadcast(integer::f16_at(b)), m = broadcast(integer::f16_at(b + 2));
  const Bytes q = bytes_at(b + 8);
  E::store(out, from_unsigned((q & kLow) | fifth(b + 4)) * d + m);
  E::store(out + 16, from_unsigned(shifted<4>(q) | fifth(b + 6)) * d + m);
}

/// Q4_K and Q5_K: `high(j, l)` are the bits above the nibbles of sub-block j's elements from l.
template <class E, class Out, class High>
LTX_INLINE void k_blocks(const uint8_t* b, const uint8_t* qs, Out* out, High high) {
  const float d = integer::f16_at(b), dmin = integer::f16_at(b + 2);
  for (int j = 0; j < 8; j += 2) {
    const auto even = integer::scale_minimum(b + 4, j), odd = integer::scale_minimum(b + 4, j + 1);
    const Lanes even_scale = broadcast(d * static_cast<float>(even.scale)),
                even_minimum = broadcast(dmin * static_cast<float>(even.minimum)),
                odd_scale = broadcast(d * static_cast<float>(odd.scale)),
                odd_minimum = broadcast(dmin * static_cast<float>(odd.minimum));
    for (int l = 0; l < 32; l += kLanes) {
      const Bytes q = bytes_at(qs + 16 * j + l);
      E::store(out + 32 * j + l, even_scale * from_unsigned((q & kLow) | high(j, l)) - even_minimum);
      E::store(out + 32 * j + 32 + l,
               odd_scale * from_unsigned(shifted<4>(q) | high(j + 1, l)) - odd_minimum);
    }
  }
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q4_K, const uint8_t* b, Out* out) {
  k_blocks<E>(
      b, b + 16, out, [](int, int) __attribute__((always_inline)) { return Bytes{}; });
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q5_K, const uint8_t* b, Out* out) {
  k_blocks<E>(
      b, b + 48, out, [&](int j, int l) __attribute__((always_inline)) {
        const auto bit = static_cast<uint8_t>(1 << j);
        return where_set(bytes_at(b + 16 + l), Bytes{} + bit, 16);
      });
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q6_K, const uint8_t* b, Out* out) {
  const float d = integer::f16_at(b + 208);
  const Lanes centre = broadcast(32.0F);
  const uint8_t three = 3;
  for (int half = 0; half < 2; ++half) {
    for (int l = 0; l < 32; l += kLanes) {
      const Bytes first = bytes_at(b + 64 * half + l), second = bytes_at(b + 64 * half + 32 + l),
                  high = bytes_at(b + 128 + 32 * half + l);
      const auto put = [&](int quarter, Bytes low, Bytes two) __attribute__((always_inline)) {
        const int i = 128 * half + 32 * quarter + l;
        const Lanes scale = broadcast(d * integer::signed_at(b + 192 + i / 16));
        E::store(out + i, scale * (from_unsigned(low | (Bytes)((Words)two << 4)) - centre));
      };
      put(0, first & kLow, high & three);
      put(1, second & kLow, shifted<2>(high) & three);
      put(2, shifted<4>(first), shifted<4>(high) & three);
      put(3, shifted<4>(second), shifted<6>(high));
    }
  }
}

/// Q3_K and Q2_K: calls put(first element of sixteen, their two low bits).
template <class Put>
LTX_INLINE void two_bit_codes(const uint8_t* qs, Put put) {
  const uint8_t three = 3;
  for (int half = 0; half < 2; ++half) {
    for (int l = 0; l < 32; l += kLanes) {
      const Bytes q = bytes_at(qs + 32 * half + l);
      put(128 * half + l, q & three);
      put(128 * half + 32 + l, shifted<2>(q) & three);
      put(128 * half + 64 + l, shifted<4>(q) & three);
      put(128 * half + 96 + l, shifted<6>(q));
    }
  }
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q3_K, const uint8_t* b, Out* out) {
  const float d = integer::f16_at(b + 108);
  const Lanes centre = broadcast(4.0F);
  two_bit_codes(
      b + 32, [&](int i, Bytes low) __attribute__((always_inline)) {
        const auto plane = static_cast<uint8_t>(1 << (i / 32));
        const Bytes bit = Bytes{} + plane;
        const Bytes high = where_set(bytes_at(b + i % 32), bit, 4);
        const Lanes scale = broadcast(d * static_cast<float>(integer::q3_scale(b + 96, i / 16)));
        E::store(out + i, scale * (from_unsigned(low | high) - centre));
      });
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Q2_K, const uint8_t* b, Out* out) {
  const float d = integer::f16_at(b + 80), dmin = integer::f16_at(b + 82);
  two_bit_codes(
      b + 16, [&](int i, Bytes q) __attribute__((always_inline)) {
        const int s = b[i / 16];
        const Lanes scale = broadcast(d * static_cast<float>(s & 15)),
                    minimum = broadcast(dmin * static_cast<float>(s >> 4));
        E::store(out + i, scale * from_unsigned(q) - minimum);
      });
}

constexpr float kIq4Levels[16] = {LTX_IQ4_LEVELS};

template <class E, class Out>
LTX_INLINE void gguf_block(integer::Iq4Nl, const uint8_t* b, Out* out) {
  const Table table(kIq4Levels);
  const Lanes d = broadcast(integer::f16_at(b));
  const Bytes q = bytes_at(b + 2);
  E::store(out, d * look_up(table, q & kLow));
  E::store(out + 16, d * look_up(table, shifted<4>(q)));
}
template <class E, class Out>
LTX_INLINE void gguf_block(integer::Iq4Xs, const uint8_t* b, Out* out) {
  const Table table(kIq4Levels);
  const float d = integer::f16_at(b);
  for (int j = 0; j < 8; ++j) {
    const Lanes scale = broadcast(d * static_cast<float>(integer::iq4_scale(b, j)));
    const Bytes q = bytes_at(b + 8 + 16 * j);
    E::store(out + 32 * j, scale * look_up(table, q & kLow));
    E::store(out + 32 * j + 16, scale * look_up(table, shifted<4>(q)));
  }
}

template <class E, class Type>
void gguf_blocks(const GgufDecodeArguments& a, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    gguf_block<E>(Type{}, a.blocks + row * Type::kBytes,
                  static_cast<typename E::Stored*>(a.out) + row * Type::kElements);
  }
}
template <class E>
void gguf_decode(const GgufDecodeArguments& a, int64_t begin, int64_t end) {
  integer::with_gguf_type(a.type, [&](auto type) { gguf_blocks<E, decltype(type)>(a, begin, end); });
}

#define LTX_BY_ELEMENT(operation, Arguments)                                                              \
  void operation##_rows(const Arguments& a, int64_t begin, int64_t end) {                                 \
    return a.element == Element::Float ? operation<Fp32>(a, begin, end) : operation<Bf16>(a, begin, end); \
  }
LTX_BY_ELEMENT(amax, AmaxArguments)
LTX_BY_ELEMENT(int8_encode, Int8EncodeArguments)
LTX_BY_ELEMENT(int8_decode, Int8DecodeArguments)
LTX_BY_ELEMENT(int4_encode, Int4EncodeArguments)
LTX_BY_ELEMENT(int4_decode, Int4DecodeArguments)
LTX_BY_ELEMENT(nf4_encode, Nf4EncodeArguments)
LTX_BY_ELEMENT(nf4_decode, Nf4DecodeArguments)
LTX_BY_ELEMENT(gguf_decode, GgufDecodeArguments)
#undef LTX_BY_ELEMENT

void rotate_rows(const RotateArguments& a, int64_t begin, int64_t end) {
  return a.out_element == Element::Float ? rotate<Fp32>(a, begin, end) : rotate<Bf16>(a, begin, end);
}

}  // namespace
}  // namespace LTX_ISA

extern const IntegerRows LTX_TABLE;
const IntegerRows LTX_TABLE = {LTX_ISA_NAME,
                               LTX_ISA::amax_rows,
                               LTX_ISA::int8_encode_rows,
                               LTX_ISA::int8_decode_rows,
                               LTX_ISA::int4_encode_rows,
                               LTX_ISA::int4_decode_rows,
                               LTX_ISA::nf4_encode_rows,
                               LTX_ISA::nf4_decode_rows,
                               LTX_ISA::rotate_rows,
                               LTX_ISA::gguf_decode_rows};

}  // namespace ltx::formats::cpu
