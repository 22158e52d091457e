// Bytes that a policy needs, from shapes alone (spec 08 §21): memory plans and recommendations.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "quant/policy.h"

namespace ltx::quant {

/// Bytes of a weight [N, K] as Matrix::bytes() counts them; Unquantized: bf16.
uint64_t encoded_bytes(const formats::Encoding& encoding, int64_t rows, int64_t columns);

/// A tensor of a component.
struct StoredTensor {
  std::string name;  // full, "transformer_blocks.0.attn1.to_q.weight"
  std::vector<int64_t> shape;
  uint64_t bytes = 0;                                     // as stored
  formats::Format stored = formats::Format::Unquantized;  // of a layer's weight
};

struct Footprint {
  uint64_t bytes = 0;
  int64_t quantized = 0;           // layers held in a number format
  uint64_t quantized_weights = 0;  // elements of theirs
};

/// What a component needs under a policy. A stored layer whose codes are kept counts as it is stored.
Footprint footprint(const Policy& policy, const DeviceAbility& device,
                    const std::vector<StoredTensor>& tensors);

}  // namespace ltx::quant
