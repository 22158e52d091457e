#include "latents/perturbation.h"

namespace ltx::latents {

at::Tensor keep_mask(const Perturbations& perturbations, int64_t num_blocks, at::ScalarType dtype,
                     const at::Device& device) {
  const auto samples = static_cast<int64_t>(perturbations.size());
  const auto mask = at::ones({4, num_blocks, samples}, at::kFloat);
  for (int64_t sample = 0; sample < samples; ++sample)
    for (const auto& [type, blocks] : perturbations[sample]) {
      const auto row = mask.select(0, static_cast<int64_t>(type)).select(1, sample);
      if (!blocks)
        row.zero_();
      else
        for (const int64_t block : *blocks)
          if (block >= 0 && block < num_blocks) row[block].zero_();
    }
  return mask.to(device, dtype);
}

}  // namespace ltx::latents
