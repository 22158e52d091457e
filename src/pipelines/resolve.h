// A request with every default filled in and every field checked, before any weight is read (R17).
#pragma once
#include "diffusion/parameters.h"
#include "engine/params.h"
#include "engine/request.h"

namespace ltx::pipelines {

/// What a recipe fixes about its requests.
struct RecipeTraits {
  engine::PipelineKind kind;
  bool two_stages = false;  // sizes are multiples of 64, stage 2 has its own schedule
  bool guided = false;      // negative prompt, guidance, scheduler
};

RecipeTraits traits_of(engine::PipelineKind kind);

/// What the files say about requests.
struct ModelFacts {
  diffusion::GenerationDefaults defaults;        // of the transformer's version, or the recipe's own preset
  int32_t image_crf = 33;                        // of the video VAE's version
  bool keyframe_slots = false;                   // the transformer knows tokens that stand for single frames
  int64_t blocks = 48;                           // of the transformer
  int64_t video_context = 0, audio_context = 0;  // widths of encoded text
};

/// Fills in the defaults of the model version (spec 07 §2) and checks ranges, media files and the output
/// path. A resolved request resolves to itself. Throws InvalidArgument and the statuses of reading media and
/// probing the output.
engine::Request resolve(const engine::Request& request, const RecipeTraits& traits, const ModelFacts& facts);

}  // namespace ltx::pipelines
