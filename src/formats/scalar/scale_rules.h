// From the largest magnitude of a block to its scale (spec 08 §6.6, §7, §11, §12.2, §13).
#pragma once
#include "formats/scalar/e8m0.h"
#include "formats/scalar/float8.h"

namespace ltx::formats {

/// How the scale of e4m3 codes follows from the largest magnitude a.
struct ScaleRule {
  enum class Form : int32_t {
    Quotient,    // scale = a/448, codes of x / scale (spec 08 §7)
    Reciprocal,  // s = fp32(1/a)·target, codes of x · s, scale = 1/s (§6.6, §13)
    Floor,       // powers of two (§11)
    Even,
    Ceil,
    Rceil,
  };
  enum class Rounding : int32_t { None, BFloat16, Half };

  Form form = Form::Quotient;
  float target = 448.0F;  // Reciprocal: what a is mapped to
  /// As the public code does it: no care for a zero block; Quotient: as a product with 1/448, rounded to the
  /// dtype of x.
  bool reference = false;
  Rounding rounding = Rounding::None;  // Quotient, reference: the dtype of x

  /// The scales are powers of two in one byte.
  LTX_CONSTANT bool binary() const { return form >= Form::Floor; }
};

namespace scalar {

struct BlockScale {
  float scale;       // decode multiplier
  float factor;      // what elements are divided by (Quotient) or multiplied by
  uint8_t exponent;  // e8m0 of a binary rule
};

LTX_SCALAR float rounded(float value, ScaleRule::Rounding rounding) {
  if (rounding == ScaleRule::Rounding::BFloat16) return round_to_bf16(value);
  return rounding == ScaleRule::Rounding::Half ? round_to_fp16(value) : value;
}

LTX_SCALAR float larger(float a, float floor) {  // NaN stays
  return a < floor ? floor : a;
}

/// Biased exponent of an e8m0 scale from the bits of a finite a.
LTX_SCALAR uint8_t mx_exponent(ScaleRule::Form form, uint32_t magnitude) {
  if (magnitude >= kInfinity) return kE8m0Nan;
  if (form == ScaleRule::Form::Rceil) {
    const uint32_t ratio = bits_of(float_of(magnitude) / 448.0F);
    const uint32_t exponent = ratio >> 23, fraction = ratio & 0x7fffffU;
    if (exponent == 0) return fraction > 0x400000U;
    return static_cast<uint8_t>(exponent + (fraction > 0));  // below 254: a/448 is
  }
  uint32_t exponent = magnitude >> 23;
  if (form == ScaleRule::Form::Even) exponent = (magnitude + (1U << 19)) >> 23;
  if (form == ScaleRule::Form::Ceil) exponent += (magnitude & 0x7fffffU) != 0;
  return static_cast<uint8_t>(exponent > 8 ? exponent - 8 : 0);
}

/// From the bits of the largest magnitude: NaN above Inf above all numbers, so that an integer maximum finds
/// them.
LTX_SCALAR BlockScale block_scale(const ScaleRule& rule, uint32_t magnitude) {
  const float largest = float_of(magnitude > kInfinity ? kQuietNan : magnitude);
  if (rule.binary()) {
    const uint8_t exponent = mx_exponent(rule.form, magnitude);
    return {decode_e8m0(exponent), e8m0_inverse(exponent), exponent};
  }
  if (rule.form == ScaleRule::Form::Quotient) {
    // PyTorch divides a CUDA tensor by a number as a product with the reciprocal.
    const float scale =
        rule.reference ? rounded(largest * (1.0F / 448.0F), rule.rounding) : larger(largest, 1e-12F) / 448.0F;
    return {scale, scale, 0};
  }
  // Two roundings: PyTorch divides a number by a tensor as number times reciprocal (spec 08 §6.6).
  const float factor = (1.0F / largest) * rule.target;
  // Too small for a finite factor: encodes to zeros as a block of zeros does.
  if (!rule.reference && factor == float_of(kInfinity)) return {1.0F, 1.0F, 0};
  return {1.0F / factor, factor, 0};
}

/// NVFP4 (spec 08 §12.2): e4m3 of the scale of a block, two true divisions in this order.
LTX_SCALAR uint8_t nvfp4_block_scale(float largest, float tensor_scale) {
  if (!(tensor_scale > 0)) return 0;
  return encode_scaled<E4m3>((largest / 6.0F) / tensor_scale, largest);
}
/// What the elements of a block are multiplied by.
LTX_SCALAR float nvfp4_factor(uint8_t block_scale, float tensor_scale) {
  const float total = tensor_scale * decode_e4m3(block_scale);
  return total > 0 ? 1.0F / total : 0.0F;
}

}  // namespace scalar
}  // namespace ltx::formats
