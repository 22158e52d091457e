// Sixteen fp32 lanes as one, two or four registers. Included once per instruction set, into that set's own
// namespace: nothing here may be shared between translation units, for they are compiled for different
// machines. No library headers for the same reason.
//
// Sixteen lanes whatever the register width: sums are formed in the same order everywhere.

constexpr int kLanes = 16;
constexpr int kRegisters = kLanes * 4 / LTX_REGISTER_BYTES;
constexpr int kPerRegister = kLanes / kRegisters;

typedef float FloatRegister __attribute__((vector_size(LTX_REGISTER_BYTES)));
typedef uint32_t BitsRegister __attribute__((vector_size(LTX_REGISTER_BYTES)));
typedef int32_t IntRegister __attribute__((vector_size(LTX_REGISTER_BYTES)));
typedef uint16_t HalfRegister __attribute__((vector_size(LTX_REGISTER_BYTES / 2)));

#define LTX_INLINE static inline __attribute__((always_inline))

struct Lanes {
  FloatRegister r[kRegisters];
};

LTX_INLINE Lanes broadcast(float value) {
  Lanes a;
  for (int i = 0; i < kRegisters; ++i) a.r[i] = FloatRegister{} + value;
  return a;
}

#define LTX_LANEWISE(name, expression)                                        \
  static inline __attribute__((always_inline)) Lanes name(Lanes a, Lanes b) { \
    Lanes c;                                                                  \
    for (int i = 0; i < kRegisters; ++i) {                                    \
      const FloatRegister x = a.r[i], y = b.r[i];                             \
      c.r[i] = expression;                                                    \
    }                                                                         \
    return c;                                                                 \
  }
LTX_LANEWISE(operator+, x + y)
LTX_LANEWISE(operator-, x - y)
LTX_LANEWISE(operator*, x* y)
LTX_LANEWISE(operator/, x / y)
// A NaN in the first operand stays.
LTX_LANEWISE(lower, y < x ? y : x)
LTX_LANEWISE(higher, y > x ? y : x)
#undef LTX_LANEWISE

/// Sum over the lanes, always in the same order.
LTX_INLINE float sum(Lanes a) {
  float lane[kLanes];
  __builtin_memcpy(lane, a.r, sizeof lane);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lane[i] += lane[i + width];
  }
  return lane[0];
}

/// e^x, relative error below 2 units in the last place; x is clamped to what fp32 can hold.
LTX_INLINE Lanes exponential(Lanes x) {
  x = lower(higher(x, broadcast(-87.0F)), broadcast(88.0F));
  const Lanes magic = broadcast(12582912.0F);  // 1.5 · 2^23: adding it rounds to an integer
  const Lanes shifted = x * broadcast(1.44269504F) + magic;
  const Lanes n = shifted - magic;
  const Lanes r = x - n * broadcast(0.693359375F) - n * broadcast(-2.12194440e-4F);
  Lanes p = broadcast(1.9875691500e-4F);
  constexpr float kTerms[] = {1.3981999507e-3F, 8.3334519073e-3F, 4.1665795894e-2F, 1.6666665459e-1F,
                              5.0000001201e-1F};
  for (const float term : kTerms) p = p * r + broadcast(term);
  p = p * r * r + r + broadcast(1.0F);
  for (int i = 0; i < kRegisters; ++i) {
    const IntRegister power = (IntRegister)shifted.r[i] << 23;  // n in the low bits of the rounded sum
    p.r[i] = (FloatRegister)((IntRegister)p.r[i] + power);
  }
  return p;
}

// Elements in memory. `round` gives the value that storing and loading again would give.

struct Fp32 {
  typedef float Stored;
  static inline __attribute__((always_inline)) Lanes load(const float* p) {
    Lanes a;
    for (int i = 0; i < kRegisters; ++i) __builtin_memcpy(&a.r[i], p + i * kPerRegister, sizeof a.r[i]);
    return a;
  }
  // Register by register: all at once, GCC goes through the stack.
  static inline __attribute__((always_inline)) void store(float* p, Lanes a) {
    for (int i = 0; i < kRegisters; ++i) __builtin_memcpy(p + i * kPerRegister, &a.r[i], sizeof a.r[i]);
  }
  static inline __attribute__((always_inline)) Lanes round(Lanes a) { return a; }
};

struct Bf16 {
  typedef uint16_t Stored;
  static inline __attribute__((always_inline)) Lanes load(const uint16_t* p) {
    Lanes a;
    for (int i = 0; i < kRegisters; ++i) {
      HalfRegister half;
      __builtin_memcpy(&half, p + i * kPerRegister, sizeof half);
      a.r[i] = (FloatRegister)(__builtin_convertvector(half, BitsRegister) << 16);
    }
    return a;
  }
  /// To nearest even. A NaN stays one: those that arithmetic on bf16 values yields have zeros where the carry
  /// starts.
  static inline __attribute__((always_inline)) BitsRegister rounded(FloatRegister v) {
    const BitsRegister bits = (BitsRegister)v;
    return bits + 0x7fffU + ((bits >> 16) & 1U);
  }
  static inline __attribute__((always_inline)) void store(uint16_t* p, Lanes a) {
    for (int i = 0; i < kRegisters; ++i) {
      const HalfRegister half = __builtin_convertvector(rounded(a.r[i]) >> 16, HalfRegister);
      __builtin_memcpy(p + i * kPerRegister, &half, sizeof half);
    }
  }
  static inline __attribute__((always_inline)) Lanes round(Lanes a) {
    for (int i = 0; i < kRegisters; ++i) a.r[i] = (FloatRegister)(rounded(a.r[i]) & 0xffff0000U);
    return a;
  }
};

/// Fewer than sixteen elements: zeros in the other lanes.
template <class E>
LTX_INLINE Lanes load_part(const typename E::Stored* p, int64_t count) {
  typename E::Stored buffer[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = p[i];
  return E::load(buffer);
}
template <class E>
LTX_INLINE void store_part(typename E::Stored* p, Lanes a, int64_t count) {
  typename E::Stored buffer[kLanes];
  E::store(buffer, a);
  for (int64_t i = 0; i < count; ++i) p[i] = buffer[i];
}

/// Calls body(i, n) for the elements [0, count), sixteen at a time: n of them from i.
template <class Body>
LTX_INLINE void for_each(int64_t count, Body&& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, int64_t{kLanes});
  if (i < count) body(i, count - i);
}
template <class E>
LTX_INLINE Lanes load(const typename E::Stored* p, int64_t count) {
  return count == kLanes ? E::load(p) : load_part<E>(p, count);
}
template <class E>
LTX_INLINE void store(typename E::Stored* p, Lanes a, int64_t count) {
  if (count == kLanes) {
    E::store(p, a);
  } else {
    store_part<E>(p, a, count);
  }
}
