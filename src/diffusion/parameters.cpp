#include "diffusion/parameters.h"

namespace ltx::diffusion {

GenerationDefaults generation_defaults(const std::vector<int64_t>& version) {
  using Version = std::vector<int64_t>;
  const bool since_2_3 = version >= Version{2, 3}, since_2_4 = version >= Version{2, 4};
  GenerationDefaults defaults;
  defaults.steps = since_2_3 ? 30 : 40;
  defaults.image_crf = since_2_4 ? 18 : 33;
  defaults.video = {.cfg_scale = 3,
                    .stg_scale = 1,
                    .rescale_scale = 0.7,
                    .modality_scale = 3,
                    .skip_step = 0,
                    .stg_blocks = {since_2_3 ? 28 : 29}};
  defaults.audio = defaults.video;
  defaults.audio.cfg_scale = 7;
  return defaults;
}

GenerationDefaults hq_defaults() {
  GenerationDefaults defaults;
  defaults.stage_1_height = 544;
  defaults.stage_1_width = 960;
  defaults.steps = 15;
  defaults.video = {.cfg_scale = 3,
                    .stg_scale = 0,
                    .rescale_scale = 0.45,
                    .modality_scale = 3,
                    .skip_step = 0,
                    .stg_blocks = {}};
  defaults.audio = {.cfg_scale = 7,
                    .stg_scale = 0,
                    .rescale_scale = 1,
                    .modality_scale = 3,
                    .skip_step = 0,
                    .stg_blocks = {}};
  return defaults;
}

}  // namespace ltx::diffusion
