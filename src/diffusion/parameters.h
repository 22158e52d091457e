// Default parameters of a generation by model version (spec 06 §1.2, spec 07 §2).
#pragma once
#include <cstdint>
#include <vector>

#include "diffusion/guidance.h"

namespace ltx::diffusion {

struct GenerationDefaults {
  uint64_t seed = 10;
  int64_t stage_1_height = 512, stage_1_width = 768;
  int64_t frames = 121;
  double frame_rate = 24;
  int64_t steps = 40;
  int64_t image_crf = 33;
  GuiderParams video, audio;

  int64_t stage_2_height() const { return 2 * stage_1_height; }
  int64_t stage_2_width() const { return 2 * stage_1_width; }
};

/// `version` as parsed from the transformer file's metadata; {} is unknown.
GenerationDefaults generation_defaults(const std::vector<int64_t>& version);

/// The preset of the HQ recipe, for any version.
GenerationDefaults hq_defaults();

}  // namespace ltx::diffusion
