// The spellings of adapter tensors (spec 01 §8.1).
#pragma once
#include <string>
#include <string_view>

namespace ltx::weights {

enum class LoraPart {
  None,  // not an adapter's tensor
  Down,  // A, [rank, in]
  Up,    // B, [out, rank]
  Alpha,
  Unsupported,  // DoRA, LoKr, LoHa, full differences
};

struct LoraKey {
  LoraPart part = LoraPart::None;
  std::string layer;  // the adapted layer's name in the transformer
};

/// Splits a tensor name of an adapter file into the layer that it adapts and its part.
LoraKey read_lora_key(std::string_view name);

/// The same as the public reference reads names: every "diffusion_model." deleted, `lora_A` and `lora_B`
/// only.
LoraKey read_reference_lora_key(std::string_view name);

}  // namespace ltx::weights
