// A request with every default filled in and every field checked, before any weight is read (R17).
#pragma once
#include "diffusion/parameters.h"
#include "engine/params.h"
#include "engine/request.h"
#include "pipelines/components.h"

namespace ltx::pipelines {

/// What a recipe fixes about its requests.
struct RecipeTraits {
  engine::PipelineKind kind;
  bool two_stages = false;   // sizes are multiples of 64, stage 2 has its own schedule
  bool video = true;         // there is a picture at all
  bool guides_video = true;  // where the request is guided
  bool guides_audio = true;
};

RecipeTraits traits_of(engine::PipelineKind kind);

/// Whether negative prompt, guidance and scheduler are used. The recipe retake runs on the full model if the
/// request sets any of their fields, else on the distilled one.
bool is_guided(engine::PipelineKind kind, const engine::Request& request);

/// What a guided request without a negative prompt gets: the library's text; none in a retake (spec 07 §6.1).
std::string default_negative_prompt(engine::PipelineKind kind);

/// What the files say about requests.
struct ModelFacts {
  diffusion::GenerationDefaults defaults;        // of the transformer's version, or the recipe's own preset
  int32_t image_crf = 33;                        // of the model's version
  int32_t reference_image_crf = 33;              // of what the video VAE's file says of itself
  bool keyframe_slots = false;                   // the transformer knows tokens that stand for single frames
  int64_t blocks = 48;                           // of the transformer
  int64_t video_context = 0, audio_context = 0;  // widths of encoded text, 0: no such stream
  ReferenceScale reference;                      // of reference videos
};

/// What resolve() checks and calls that only read or encode a prompt check, too: each image has a path or
/// pixels; a seed or a prompt to be enhanced go with what they are for. Throw InvalidArgument.
void check_image_sources(const engine::Request& request);
void check_enhancement(const engine::Request& request);

/// Fills in the defaults of the model version (spec 07 §2) and checks ranges, media files and the output
/// path. A resolved request resolves to itself. Throws InvalidArgument and the statuses of reading media and
/// probing the output.
engine::Request resolve(const engine::Request& request, const RecipeTraits& traits, const ModelFacts& facts);

}  // namespace ltx::pipelines
