// The operations on rows, written once and compiled per instruction set: the including file names the
// register width, the namespace and the table.

namespace ltx::kernels::cpu {
namespace LTX_ISA {
namespace {

#include "kernels/cpu/simd.h"  // into this namespace

template <class E>
LTX_INLINE const typename E::Stored* row_of(const RowSource& source, int64_t row) {
  const int64_t at = source.index ? source.index[row] : 0;
  return static_cast<const typename E::Stored*>(source.base) + source.stride * at;
}

template <class E>
LTX_INLINE Lanes modulated(Lanes x, const typename E::Stored* scale, const typename E::Stored* shift,
                           int64_t n) {
  const Lanes factor = E::round(broadcast(1.0F) + load<E>(scale, n));
  return E::round(x * factor) + load<E>(shift, n);
}

LTX_INLINE float inverse_rms(Lanes squares, int64_t width, float eps) {
  return 1.0F / __builtin_sqrtf(sum(squares) / static_cast<float>(width) + eps);
}

template <class E>
void residual_norm(const ResidualNormArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  for (int64_t row = begin; row < end; ++row) {
    T* const x = static_cast<T*>(a.x) + row * a.width;
    const T* const y = a.y ? static_cast<const T*>(a.y) + row * a.width : nullptr;
    const T* const gate = a.gate.base ? row_of<E>(a.gate, row) : nullptr;
    Lanes squares = broadcast(0);
    if (y) {
      for_each(
          a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            Lanes step = load<E>(y + i, n);
            if (gate) step = E::round(step * load<E>(gate + i, n));
            const Lanes updated = E::round(load<E>(x + i, n) + step);
            store<E>(x + i, updated, n);
            squares = squares + updated * updated;
          });
    } else {
      for_each(
          a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            const Lanes value = load<E>(x + i, n);
            squares = squares + value * value;
          });
    }
    if (a.out_count == 0) continue;
    const Lanes inverse = broadcast(inverse_rms(squares, a.width, a.eps));
    for (int k = 0; k < a.out_count; ++k) {
      T* const out = static_cast<T*>(a.outs[k].out) + row * a.width;
      if (!a.outs[k].scale.base) {
        for_each(
            a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
              store<E>(out + i, load<E>(x + i, n) * inverse, n);
            });
        continue;
      }
      const T* const scale = row_of<E>(a.outs[k].scale, row);
      const T* const shift = row_of<E>(a.outs[k].shift, row);
      for_each(
          a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            store<E>(out + i, modulated<E>(E::round(load<E>(x + i, n) * inverse), scale + i, shift + i, n),
                     n);
          });
    }
  }
}

template <class E>
void modulate(const ModulateArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  for (int64_t row = begin; row < end; ++row) {
    const T* const x = static_cast<const T*>(a.x) + row * a.width;
    T* const out = static_cast<T*>(a.out) + row * a.width;
    const T* const scale = row_of<E>(a.scale, row);
    const T* const shift = row_of<E>(a.shift, row);
    for_each(
        a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
          store<E>(out + i, modulated<E>(load<E>(x + i, n), scale + i, shift + i, n), n);
        });
  }
}

template <class E>
void norm_rope(const NormRopeArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  const T* const weight = static_cast<const T*>(a.weight);
  const int64_t pairs = a.width / a.heads / 2;
  for (int64_t row = begin; row < end; ++row) {
    T* const x = static_cast<T*>(a.x) + row * a.width;
    Lanes squares = broadcast(0);
    for_each(
        a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
          const Lanes value = load<E>(x + i, n);
          squares = squares + value * value;
        });
    const Lanes inverse = broadcast(inverse_rms(squares, a.width, a.eps));
    if (!a.cos) {
      for_each(
          a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
            store<E>(x + i, load<E>(x + i, n) * inverse * load<E>(weight + i, n), n);
          });
      continue;
    }
    const int64_t table = row % a.table_rows * (a.width / 2);
    for (int64_t head = 0; head < a.heads; ++head) {
      T* const first = x + head * 2 * pairs;
      T* const second = first + pairs;
      const T* const w = weight + head * 2 * pairs;
      const T* const cos = static_cast<const T*>(a.cos) + table + head * pairs;
      const T* const sin = static_cast<const T*>(a.sin) + table + head * pairs;
      for_each(
          pairs, [&](int64_t j, int64_t n) __attribute__((always_inline)) {
            const Lanes p = E::round(load<E>(first + j, n) * inverse * load<E>(w + j, n));
            const Lanes q = E::round(load<E>(second + j, n) * inverse * load<E>(w + pairs + j, n));
            const Lanes c = load<E>(cos + j, n), s = load<E>(sin + j, n);
            store<E>(first + j, E::round(p * c) - q * s, n);
            store<E>(second + j, E::round(q * c) + p * s, n);
          });
    }
  }
}

template <class E>
void head_gate(const HeadGateArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  for (int64_t row = begin; row < end; ++row) {
    T* const o = static_cast<T*>(a.o) + row * a.heads * a.head_dim;
    const T* const logits = static_cast<const T*>(a.logits) + row * a.heads;
    for_each(
        a.heads, [&](int64_t first, int64_t heads) __attribute__((always_inline)) {
          const Lanes one = broadcast(1.0F);
          const Lanes sigmoid =
              E::round(one / (one + exponential(broadcast(0) - load<E>(logits + first, heads))));
          float gates[kLanes];
          Fp32::store(gates, sigmoid + sigmoid);
          for (int64_t h = 0; h < heads; ++h) {
            T* const head = o + (first + h) * a.head_dim;
            const Lanes gate = broadcast(gates[h]);
            for_each(
                a.head_dim, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
                  store<E>(head + i, load<E>(head + i, n) * gate, n);
                });
          }
        });
  }
}

template <class E>
void gelu(const GeluArguments& a, int64_t begin, int64_t end) {
  typedef typename E::Stored T;
  T* const x = static_cast<T*>(a.x) + begin * a.width;
  // ½x (1 + tanh u) = x / (1 + e^(−2u)), u = √(2/π) (x + 0.044715 x³)
  const Lanes one = broadcast(1.0F), cubic = broadcast(0.044715F), factor = broadcast(-1.5957691216F);
  for_each((end - begin) * a.width, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
    const Lanes v = load<E>(x + i, n);
    const Lanes minus_two_u = factor * (v + cubic * v * v * v);
    store<E>(x + i, v / (one + exponential(minus_two_u)), n);
  });
}

#define LTX_BY_ELEMENT(operation, Arguments)                                                              \
  void operation##_rows(const Arguments& a, int64_t begin, int64_t end) {                                 \
    return a.element == Element::Float ? operation<Fp32>(a, begin, end) : operation<Bf16>(a, begin, end); \
  }
LTX_BY_ELEMENT(residual_norm, ResidualNormArguments)
LTX_BY_ELEMENT(modulate, ModulateArguments)
LTX_BY_ELEMENT(norm_rope, NormRopeArguments)
LTX_BY_ELEMENT(head_gate, HeadGateArguments)
LTX_BY_ELEMENT(gelu, GeluArguments)
#undef LTX_BY_ELEMENT

}  // namespace
}  // namespace LTX_ISA

extern const Rows LTX_TABLE;
const Rows LTX_TABLE = {LTX_ISA_NAME,
                        LTX_ISA::residual_norm_rows,
                        LTX_ISA::modulate_rows,
                        LTX_ISA::norm_rope_rows,
                        LTX_ISA::head_gate_rows,
                        LTX_ISA::gelu_rows};

}  // namespace ltx::kernels::cpu
