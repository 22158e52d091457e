// Sixteen codes as bytes, beside the sixteen fp32 lanes of kernels/cpu/simd.h. Included after it, into the
// same namespace of one instruction set.

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint16_t Words __attribute__((vector_size(16)));
typedef uint64_t Longs __attribute__((vector_size(16)));

LTX_INLINE Bytes bytes_at(const void* p) {
  Bytes v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
/// Fewer than sixteen: zeros behind.
LTX_INLINE Bytes bytes_at(const void* p, int64_t count) {
  if (count == kLanes) return bytes_at(p);
  uint8_t buffer[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = static_cast<const uint8_t*>(p)[i];
  return bytes_at(buffer);
}
LTX_INLINE void put_bytes(void* p, Bytes v, int64_t count) {
  if (count == kLanes) {
    __builtin_memcpy(p, &v, sizeof v);
    return;
  }
  for (int64_t i = 0; i < count; ++i) static_cast<uint8_t*>(p)[i] = v[i];
}
/// Each byte shifted right by a constant.
template <int N>
LTX_INLINE Bytes shifted(Bytes v) {
  return (Bytes)((Words)v >> N) & static_cast<uint8_t>(0xff >> N);
}
/// `value` where all bits of `mask` are set in v.
LTX_INLINE Bytes where_set(Bytes v, Bytes mask, uint8_t value) {
  return (Bytes)((v & mask) == mask) & value;
}

LTX_INLINE Lanes from_unsigned(Bytes v) {
  Lanes a;
#if LTX_REGISTER_BYTES == 64
  a.r[0] = (FloatRegister)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32((__m128i)v));
#elif LTX_REGISTER_BYTES == 32
  a.r[0] = (FloatRegister)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32((__m128i)v));
  a.r[1] = (FloatRegister)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128((__m128i)v, 8)));
#elif defined(__SSE2__)
  const __m128i zero = _mm_setzero_si128(), low = _mm_unpacklo_epi8((__m128i)v, zero),
                high = _mm_unpackhi_epi8((__m128i)v, zero);
  a.r[0] = (FloatRegister)_mm_cvtepi32_ps(_mm_unpacklo_epi16(low, zero));
  a.r[1] = (FloatRegister)_mm_cvtepi32_ps(_mm_unpackhi_epi16(low, zero));
  a.r[2] = (FloatRegister)_mm_cvtepi32_ps(_mm_unpacklo_epi16(high, zero));
  a.r[3] = (FloatRegister)_mm_cvtepi32_ps(_mm_unpackhi_epi16(high, zero));
#else
  for (int i = 0; i < kLanes; ++i) a.r[i / kPerRegister][i % kPerRegister] = static_cast<float>(v[i]);
#endif
  return a;
}
LTX_INLINE Lanes from_signed(Bytes v) {
#if LTX_REGISTER_BYTES == 64
  Lanes a;
  a.r[0] = (FloatRegister)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32((__m128i)v));
  return a;
#elif LTX_REGISTER_BYTES == 32
  Lanes a;
  a.r[0] = (FloatRegister)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32((__m128i)v));
  a.r[1] = (FloatRegister)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128((__m128i)v, 8)));
  return a;
#else
  return from_unsigned(v ^ static_cast<uint8_t>(0x80)) - broadcast(128.0F);
#endif
}

/// The low byte of every lane's bits.
LTX_INLINE Bytes low_bytes(Lanes a) {
#if LTX_REGISTER_BYTES == 64
  return (Bytes)_mm512_cvtepi32_epi8((__m512i)a.r[0]);
#elif LTX_REGISTER_BYTES == 32
  const __m256i mask = _mm256_set1_epi32(0xff);
  const __m256i words =
      _mm256_packus_epi32(_mm256_and_si256((__m256i)a.r[0], mask), _mm256_and_si256((__m256i)a.r[1], mask));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
  return (Bytes)_mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
#elif defined(__SSE2__)
  const __m128i mask = _mm_set1_epi32(0xff);
  __m128i quarters[4];
  for (int i = 0; i < 4; ++i) quarters[i] = _mm_and_si128((__m128i)a.r[i], mask);
  return (Bytes)_mm_packus_epi16(_mm_packs_epi32(quarters[0], quarters[1]),
                                 _mm_packs_epi32(quarters[2], quarters[3]));
#else
  Bytes v;
  for (int i = 0; i < kLanes; ++i) {
    v[i] = static_cast<uint8_t>(((BitsRegister)a.r[i / kPerRegister])[i % kPerRegister]);
  }
  return v;
#endif
}

/// The nearest integer, ties to even, in the low bits of each lane: for |v| < 2²².
LTX_INLINE Lanes nearest_bits(Lanes v) {
  return v + broadcast(12582912.0F);
}
/// NaN gives `low`.
LTX_INLINE Lanes clamped(Lanes v, float low, float high) {
  return lower(broadcast(high), higher(broadcast(low), v));
}

// Nibbles: element 2j lies in the high half of byte j.

struct NibblePair {
  Bytes first, second;  // elements 0–15 and 16–31
};
LTX_INLINE NibblePair nibbles_at(const uint8_t* p) {
  const Bytes v = bytes_at(p), high = shifted<4>(v), low = v & static_cast<uint8_t>(15);
  return {__builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
          __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)};
}
LTX_INLINE Bytes packed(NibblePair codes) {
  const Words a = (Words)codes.first, b = (Words)codes.second;
  return __builtin_shufflevector((Bytes)(a << 4 | a >> 8), (Bytes)(b << 4 | b >> 8), 0, 2, 4, 6, 8, 10, 12,
                                 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

/// Sixteen values looked up by sixteen codes 0…15.
struct Table {
#if LTX_REGISTER_BYTES == 64
  __m512 values;
  explicit Table(const float* p) : values(_mm512_loadu_ps(p)) {}
#elif LTX_REGISTER_BYTES == 32
  __m256 low, high;
  explicit Table(const float* p) : low(_mm256_loadu_ps(p)), high(_mm256_loadu_ps(p + 8)) {}
#else
  const float* values;
  explicit Table(const float* p) : values(p) {}
#endif
};
LTX_INLINE Lanes look_up(const Table& table, Bytes codes) {
  Lanes a;
#if LTX_REGISTER_BYTES == 64
  a.r[0] = (FloatRegister)_mm512_permutexvar_ps(_mm512_cvtepu8_epi32((__m128i)codes), table.values);
#elif LTX_REGISTER_BYTES == 32
  const __m128i parts[2] = {(__m128i)codes, _mm_srli_si128((__m128i)codes, 8)};
  for (int i = 0; i < 2; ++i) {
    const __m256i index = _mm256_cvtepu8_epi32(parts[i]);
    a.r[i] = (FloatRegister)_mm256_blendv_ps(_mm256_permutevar8x32_ps(table.low, index),
                                             _mm256_permutevar8x32_ps(table.high, index),
                                             _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
  }
#else
  for (int i = 0; i < kLanes; ++i) a.r[i / kPerRegister][i % kPerRegister] = table.values[codes[i]];
#endif
  return a;
}

// Sixteen values as four quads, each of four lanes: lanes or quads back to front, or neighbours exchanged.

#if LTX_REGISTER_BYTES == 64
#define LTX_SHUFFLES(lanes, quads, immediate)                                                  \
  LTX_INLINE Lanes lanes(Lanes a) {                                                            \
    return {{(FloatRegister)_mm512_permute_ps((__m512)a.r[0], immediate)}};                    \
  }                                                                                            \
  LTX_INLINE Lanes quads(Lanes a) {                                                            \
    return {{(FloatRegister)_mm512_shuffle_f32x4((__m512)a.r[0], (__m512)a.r[0], immediate)}}; \
  }
LTX_SHUFFLES(lanes_reversed, quads_reversed, 0x1b)
LTX_SHUFFLES(lanes_swapped, quads_swapped, 0xb1)
#undef LTX_SHUFFLES
#elif LTX_REGISTER_BYTES == 32
LTX_INLINE Lanes lanes_reversed(Lanes a) {
  for (auto& r : a.r) r = (FloatRegister)_mm256_permute_ps((__m256)r, 0x1b);
  return a;
}
LTX_INLINE Lanes lanes_swapped(Lanes a) {
  for (auto& r : a.r) r = (FloatRegister)_mm256_permute_ps((__m256)r, 0xb1);
  return a;
}
LTX_INLINE Lanes quads_swapped(Lanes a) {
  for (auto& r : a.r) r = (FloatRegister)_mm256_permute2f128_ps((__m256)r, (__m256)r, 1);
  return a;
}
LTX_INLINE Lanes quads_reversed(Lanes a) {
  const Lanes b = quads_swapped(a);
  return {{b.r[1], b.r[0]}};
}
#else
LTX_INLINE FloatRegister picked(FloatRegister v, int a, int b, int c, int d) {
  return FloatRegister{v[a], v[b], v[c], v[d]};
}
LTX_INLINE Lanes lanes_reversed(Lanes a) {
  for (auto& r : a.r) r = picked(r, 3, 2, 1, 0);
  return a;
}
LTX_INLINE Lanes lanes_swapped(Lanes a) {
  for (auto& r : a.r) r = picked(r, 1, 0, 3, 2);
  return a;
}
LTX_INLINE Lanes quads_reversed(Lanes a) {
  return {{a.r[3], a.r[2], a.r[1], a.r[0]}};
}
LTX_INLINE Lanes quads_swapped(Lanes a) {
  return {{a.r[1], a.r[0], a.r[3], a.r[2]}};
}
#endif
