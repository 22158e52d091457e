// From a place in the weights to the parts of a linear layer, as the policy in force decides.
#pragma once
#include "quant/linear_parts.h"
#include "quant/source.h"

namespace ltx::quant {

/// Reads `weight` [out, in] and, if `bias`, `bias` [out] at the source's place. Holds one full-precision
/// tensor beside its result at a time. Throws TensorMissing, TensorMismatch, Quant (with the layer's name) or
/// Numeric (a weight that is not finite, with the tensor's name).
LinearParts load_linear(const Source& source, int64_t in, int64_t out, bool bias = true);

}  // namespace ltx::quant
