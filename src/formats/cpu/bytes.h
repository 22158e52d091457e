// Sixteen bytes to and from sixteen 32-bit lanes, and the codes of the formats in such lanes. Included after
// kernels/cpu/simd.h into the namespace of an instruction set. The compiler splits conversions between
// vectors of unlike element sizes into halves, hence the intrinsics.

using namespace formats::scalar;

struct BitsLanes {
  BitsRegister r[kRegisters];
};

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint8_t HalfBytes __attribute__((vector_size(8)));
typedef uint16_t Words __attribute__((vector_size(16)));
typedef uint32_t Uints __attribute__((vector_size(16)));
typedef uint64_t Ulongs __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));

LTX_INLINE BitsLanes load_16(const uint8_t* p) {
  BitsLanes a;
#if LTX_REGISTER_BYTES == 64
  a.r[0] = (BitsRegister)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128((const __m128i*)p));
#elif LTX_REGISTER_BYTES == 32
  for (int i = 0; i < kRegisters; ++i)
    a.r[i] = (BitsRegister)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)(p + 8 * i)));
#elif defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128((const __m128i*)p), zero = _mm_setzero_si128();
  const __m128i low = _mm_unpacklo_epi8(bytes, zero), high = _mm_unpackhi_epi8(bytes, zero);
  a.r[0] = (BitsRegister)_mm_unpacklo_epi16(low, zero);
  a.r[1] = (BitsRegister)_mm_unpackhi_epi16(low, zero);
  a.r[2] = (BitsRegister)_mm_unpacklo_epi16(high, zero);
  a.r[3] = (BitsRegister)_mm_unpackhi_epi16(high, zero);
#else
  for (int i = 0; i < kLanes; ++i) a.r[i / kPerRegister][i % kPerRegister] = p[i];
#endif
  return a;
}

/// Of lanes below 256.
LTX_INLINE void store_16(uint8_t* p, BitsLanes a) {
#if LTX_REGISTER_BYTES == 64
  _mm_storeu_si128((__m128i*)p, _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)a.r[0]));
#elif LTX_REGISTER_BYTES == 32
  const __m256i words = _mm256_packus_epi32((__m256i)a.r[0], (__m256i)a.r[1]);  // by halves: 0 2 1 3
  const __m256i bytes = _mm256_packus_epi16(words, words);
  const __m256i ordered = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0));
  _mm_storeu_si128((__m128i*)p, _mm256_castsi256_si128(ordered));
#elif defined(__SSE2__)
  const __m128i low = _mm_packs_epi32((__m128i)a.r[0], (__m128i)a.r[1]);
  const __m128i high = _mm_packs_epi32((__m128i)a.r[2], (__m128i)a.r[3]);
  _mm_storeu_si128((__m128i*)p, _mm_packus_epi16(low, high));
#else
  for (int i = 0; i < kLanes; ++i) p[i] = (uint8_t)a.r[i / kPerRegister][i % kPerRegister];
#endif
}

LTX_INLINE BitsLanes load_bytes(const uint8_t* p, int64_t count) {
  if (count == kLanes) return load_16(p);
  uint8_t buffer[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = p[i];
  return load_16(buffer);
}
LTX_INLINE void store_bytes(uint8_t* p, BitsLanes a, int64_t count) {
  if (count == kLanes) return store_16(p, a);
  uint8_t buffer[kLanes];
  store_16(buffer, a);
  for (int64_t i = 0; i < count; ++i) p[i] = buffer[i];
}

/// Bf16 of simd.h with a widening load in one instruction.
struct WideBf16 : Bf16 {
  static inline __attribute__((always_inline)) Lanes load(const uint16_t* p) {
#if LTX_REGISTER_BYTES == 64
    const __m512i wide = _mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256((const __m256i*)p));
    return {{(FloatRegister)((BitsRegister)wide << 16) }};
#elif LTX_REGISTER_BYTES == 32
    Lanes a;
    for (int i = 0; i < kRegisters; ++i) {
      const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)(p + 8 * i)));
      a.r[i] = (FloatRegister)((BitsRegister)wide << 16);
    }
    return a;
#else
    return Bf16::load(p);
#endif
  }
};

/// As scalar::encode_scaled.
template <class F>
LTX_INLINE BitsLanes encode(Lanes scaled, Lanes x, uint32_t top) {
  typedef Float8<F> C;
  BitsLanes out;
  for (int i = 0; i < kRegisters; ++i) {
    const BitsRegister magnitude = (BitsRegister)scaled.r[i] & kMagnitude;
    const FloatRegister grid = (FloatRegister)(BitsRegister{} + C::kSubnormalGrid);
    const BitsRegister small = (BitsRegister)((FloatRegister)magnitude + grid) - C::kSubnormalGrid;
    constexpr uint32_t kHalf = (1U << (C::kShift - 1)) - 1U - C::kRebias;  // wraps: the sum does not
    const BitsRegister odd = (magnitude >> C::kShift) & 1U;
    const BitsRegister normal = (magnitude + kHalf + odd) >> C::kShift;
    // Magnitudes are below 2^31: compared as signed numbers, which every instruction set has.
    BitsRegister code = (IntRegister)magnitude < (int32_t)C::kSmallestNormal ? small : normal;
    code = (IntRegister)code < (int32_t)top ? code : BitsRegister{} + top;
    code = (IntRegister)magnitude > (int32_t)kInfinity ? BitsRegister{} + kNanCode : code;
    out.r[i] = code | (((BitsRegister)x.r[i] >> 24) & 0x80U);
  }
  return out;
}

/// As scalar::decode_float8.
template <class F>
LTX_INLINE Lanes decode(BitsLanes codes) {
  typedef Float8<F> C;
  Lanes out;
  for (int i = 0; i < kRegisters; ++i) {
    const BitsRegister magnitude = codes.r[i] & 0x7fU;
    const BitsRegister small =
        (BitsRegister)((IntRegister)magnitude < (int32_t)(1U << F::kMantissa)) & C::kSmallestNormal;
    const BitsRegister shifted = magnitude << C::kShift;
    // A subnormal is put behind an implicit one, which is then taken away.
    constexpr uint32_t kStep = C::kSmallestNormal - C::kRebias;
    const BitsRegister whole = shifted + C::kRebias + (small & kStep);
    BitsRegister bits = (BitsRegister)((FloatRegister)whole - (FloatRegister)small);
    bits = (IntRegister)magnitude > (int32_t)F::kLargest ? BitsRegister{} + kQuietNan : bits;
    if (F::kBeyond != kNanCode)
      bits = (IntRegister)magnitude == (int32_t)F::kBeyond ? BitsRegister{} + kInfinity : bits;
    out.r[i] = (FloatRegister)(bits | ((codes.r[i] & 0x80U) << 24));
  }
  return out;
}

/// As scalar::encode_e2m1.
LTX_INLINE BitsLanes encode_e2m1(Lanes x) {
  BitsLanes out;
  for (int i = 0; i < kRegisters; ++i) {
    const BitsRegister bits = (BitsRegister)x.r[i];
    const IntRegister magnitude = (IntRegister)(bits & kMagnitude);
    IntRegister above{};  // minus the number of limits
    above += magnitude > (int32_t)kE2m1Limit1;
    above += magnitude > (int32_t)kE2m1Limit2;
    above += magnitude > (int32_t)kE2m1Limit3;
    above += magnitude > (int32_t)kE2m1Limit4;
    above += magnitude > (int32_t)kE2m1Limit5;
    above += magnitude > (int32_t)kE2m1Limit6;
    above += magnitude > (int32_t)kE2m1Limit7;
    const BitsRegister sign = (bits >> 31 << 3) & ~(BitsRegister)(magnitude > (int32_t)kInfinity);
    out.r[i] = (BitsRegister)-above | sign;
  }
  return out;
}

/// As scalar::decode_e2m1.
LTX_INLINE Lanes decode_e2m1(BitsLanes codes) {
  Lanes out;
  for (int i = 0; i < kRegisters; ++i) {
    const BitsRegister magnitude = codes.r[i] & 7U;
    const BitsRegister normal = (magnitude << 22) + (126U << 23);
    constexpr uint32_t kHalf = power_of_two(-1);
    const BitsRegister small = (BitsRegister)(magnitude == 1U) & kHalf;
    const BitsRegister bits = (IntRegister)magnitude > 1 ? normal : small;
    out.r[i] = (FloatRegister)(bits | ((codes.r[i] & 8U) << 28));
  }
  return out;
}

/// The lanes that are no NaN, zeros in place of the others.
LTX_INLINE Lanes numbers(Lanes x) {
  for (int i = 0; i < kRegisters; ++i) {
    const BitsRegister bits = (BitsRegister)x.r[i];
    const IntRegister keep = (IntRegister)(bits & kMagnitude) <= (int32_t)kInfinity;
    x.r[i] = (FloatRegister)(bits & (BitsRegister)keep);
  }
  return x;
}

/// Largest magnitudes, lane by lane, as bits.
struct MaxLanes {
  IntRegister r[kRegisters];
  LTX_INLINE_MEMBER void add(Lanes x) {
    for (int i = 0; i < kRegisters; ++i) {
      const IntRegister magnitude = (IntRegister)((BitsRegister)x.r[i] & kMagnitude);
      r[i] = magnitude > r[i] ? magnitude : r[i];
    }
  }
  LTX_INLINE_MEMBER uint32_t result() const {
    Ints quads[4];
    __builtin_memcpy(quads, r, sizeof quads);
    const Ints a = quads[0] > quads[1] ? quads[0] : quads[1], b = quads[2] > quads[3] ? quads[2] : quads[3];
    const Ints c = a > b ? a : b;
    const int32_t d = c[0] > c[1] ? c[0] : c[1], e = c[2] > c[3] ? c[2] : c[3];
    return (uint32_t)(d > e ? d : e);
  }
};

/// Sixteen codes of four bits to and from eight bytes, the first of two in the high half.
LTX_INLINE void pack_nibbles(const uint8_t* codes, uint8_t* packed) {
  Words w;
  __builtin_memcpy(&w, codes, sizeof w);
  const HalfBytes bytes = __builtin_convertvector(((w << 4) | (w >> 8)) & 0xffU, HalfBytes);
  __builtin_memcpy(packed, &bytes, sizeof bytes);
}
LTX_INLINE void unpack_nibbles(const uint8_t* packed, uint8_t* codes) {
  HalfBytes bytes;
  __builtin_memcpy(&bytes, packed, sizeof bytes);
  const Words pairs = __builtin_convertvector(bytes, Words);
  const Words w = (pairs >> 4) | ((pairs & 15U) << 8);
  __builtin_memcpy(codes, &w, sizeof w);
}

/// As scalar::pack_fp6 and unpack_fp6 for sixteen codes and twelve bytes.
LTX_INLINE void pack_six_bits(const uint8_t* codes, uint8_t* packed) {
  Uints w;
  __builtin_memcpy(&w, codes, sizeof w);
  w = (w & 0x1f1f1f1fU) | ((w >> 2) & 0x20202020U);
  w = ((w & 0xffU) << 18) | ((w & 0xff00U) << 4) | ((w >> 10) & 0xfc0U) | (w >> 24);
  const Bytes b = (Bytes)w;
  const Bytes ordered = __builtin_shufflevector(b, b, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 3, 3, 3);
  __builtin_memcpy(packed, &ordered, 12);
}
LTX_INLINE void unpack_six_bits(const uint8_t* packed, uint8_t* codes) {
  uint64_t low;
  uint32_t high;
  __builtin_memcpy(&low, packed, sizeof low);
  __builtin_memcpy(&high, packed + sizeof low, sizeof high);
  const Bytes b = (Bytes)Ulongs{low, high};
  const Uints all =
      (Uints)__builtin_shufflevector(b, b, 2, 1, 0, 15, 5, 4, 3, 15, 8, 7, 6, 15, 11, 10, 9, 15);
  Uints w = (all >> 18) | ((all >> 4) & 0x3f00U) | ((all << 10) & 0x3f0000U) | ((all << 24) & 0x3f000000U);
  w = (w & 0x1f1f1f1fU) | ((w & 0x20202020U) << 2);
  __builtin_memcpy(codes, &w, sizeof w);
}
