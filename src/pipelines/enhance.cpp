#include "pipelines/enhance.h"

#include "media/image.h"
#include "models/text/default_prompts.h"
#include "models/text/enhancer.h"
#include "pipelines/enhance_image.h"
#include "pipelines/images.h"
#include "pipelines/numeric_guard.h"
#include "pipelines/source_media.h"

namespace ltx::pipelines {
namespace {

/// Soft tokens [1, S, D] of a picture.
at::Tensor look_at(const media::Image& image, const text::VisionTower& tower, Monitor& monitor) {
  monitor.progress({.phase = Phase::Enhance});
  const auto pixels = enhancer_pixels(image, tower.config().image_size);
  auto soft = tower.project(tower.encode(tower.embed(pixels), monitor));
  require_finite(soft, "prompt-enhancer");
  return soft;
}

}  // namespace

uint64_t enhancement_seed(engine::PipelineKind kind, const engine::Request& request) {
  using enum engine::PipelineKind;
  if (request.enhance_seed != engine::kDefault) return static_cast<uint64_t>(request.enhance_seed);
  constexpr uint64_t kFixed = 42;
  return kind == Distilled || kind == AudioToVideo || kind == Dfr ? kFixed : request.seed;
}

Enhancement enhance(const engine::Request& request, Components& components, Monitor& monitor) {
  const auto& files = components.enhancer_files();
  const bool sees = !request.images.empty();
  files.require(sees);
  std::optional<media::Image> image;
  if (sees) {
    const auto& given = request.images.front();
    image =
        given.pixels ? image_of(*given.pixels) : media::read_image(given.path, monitor, holding_of(request));
  }
  Enhancement result;
  Lease<PromptEnhancer> own;
  if (sees || files.separate()) own = components.prompt_enhancer(monitor);
  const auto soft = image ? look_at(*image, own->tower.value(), monitor) : at::Tensor();
  if (!files.separate()) {
    own.reset();
    result.encoder = components.text_encoder(monitor);
  }
  text::GenerationOptions options;
  options.seed = enhancement_seed(components.kind(), request);
  const auto reply =
      text::enhance_prompt(files.separate() ? *own->model : *result.encoder,
                           text::default_system_prompt(sees), request.prompt, options, monitor, soft);
  if (!reply.ended)
    monitor.log(LogLevel::Warning, "prompt-enhancer",
                "the enhanced prompt was cut at its longest length; another enhance_seed may end earlier");
  result.prompt = {reply.text, options.seed, static_cast<int32_t>(reply.ids.size()), sees, reply.ended};
  return result;
}

}  // namespace ltx::pipelines
