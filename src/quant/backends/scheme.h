// What a layer's scheme says about numbers, whichever back end computes it.
#pragma once
#include "formats/activations.h"
#include "quant/linear_parts.h"

namespace ltx::quant {

/// The kind whose arithmetic a format follows where the policy only says "auto" (spec 08 §17.1).
Kind arithmetic_of(Kind kind, formats::Format format);

/// True if the scheme quantizes activations, so that there is something besides dequantization.
bool quantizes_activations(Kind kind);
/// Schemes whose output is BF16 whatever comes in (spec 08 §12.4, §13.1).
bool yields_bf16(Kind kind);

/// x · pre_quant_scale in the dtype of x, where the layer has one (spec 08 §12.3).
at::Tensor prescaled(const LinearParts& parts, const at::Tensor& x);

/// fp8 activations [M, K] with their decode multipliers F32 [] or [M] (spec 08 §6.3, §6.4, §7).
formats::Quantized fp8_activations(const LinearParts& parts, const at::Tensor& x);
/// int8 activations with F32 [M], rotated first where the weight is (spec 08 §9.2, §9.3); `shifted`: codes +
/// 128 in U8.
formats::Quantized int8_activations(const LinearParts& parts, const at::Tensor& x, bool shifted = false);
/// e2m1 activations under the scale that the layer's mode says (spec 08 §12.4).
formats::Quantized nvfp4_activations(const LinearParts& parts, const at::Tensor& x);

/// The bias in a dtype: a cast undoes fp8-cast's storage too. Undefined stays undefined.
at::Tensor bias_as(const LinearParts& parts, at::ScalarType dtype);

}  // namespace ltx::quant
