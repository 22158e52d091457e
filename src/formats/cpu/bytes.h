// Sixteen bytes to and from sixteen 32-bit lanes, and the codes of the formats in such lanes. Included after
// kernels/cpu/simd.h into the namespace of an instruction set. The compiler splits conversions between
// vectors of unlike element sizes into halves, hence the intrinsics.

using namespace formats::scalar;

struct BitsLanes {
  BitsRegister r[kRegisters];
};

LTX_INLINE BitsLanes load_16(const uint8_t* p) {
  BitsLanes a;
#if LTX_REGISTER_BYTES == 64
  a.r[0] = (BitsRegister)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128((const __m128i*)p));
#elif LTX_REGISTER_BYTES == 32
  for (int i = 0; i < kRegisters; ++i)
    a.r[i] = (BitsRegister)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)(p + 8 * i)));
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
    int32_t lane[kLanes], largest = 0;
    __builtin_memcpy(lane, r, sizeof lane);
    for (int i = 0; i < kLanes; ++i) largest = lane[i] > largest ? lane[i] : largest;
    return (uint32_t)largest;
  }
};
