// One generation on its way through a recipe: what it works with, and the steps that recipes share (spec 07
// §5, §6).
#pragma once
#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "diffusion/stage.h"
#include "engine/request.h"
#include "media/image.h"
#include "pipelines/clip_output.h"
#include "pipelines/components.h"
#include "pipelines/prompt_cache.h"
#include "pipelines/source_media.h"
#include "pipelines/text_embeddings.h"

namespace ltx::pipelines {

/// Sees intermediate values by name ("stage1.video", "context.video.positive"); for tests.
class Observer : public diffusion::Observer {
 public:
  virtual void tensor(const std::string& /*name*/, const at::Tensor&) {}
};

/// Latents of a stage, unpatchified and normalised; undefined for a stream that the recipe does not have.
struct Latents {
  at::Tensor video;  // [1, 128, F, H, W]
  at::Tensor audio;  // [1, 8, T, 16]
};

/// What a recipe ends with.
struct Finished {
  Latents latents;
  std::optional<DecodedAudio> sound = {};  // shipped as it is, in place of the decoded audio latent
};

/// An image condition after decoding and the H.264 pass: ready to be resized for any stage.
struct ConditionImage {
  media::Image image;
  int64_t frame_index = 0;
  double strength = 1;
};

/// How image conditions enter a stage (spec 07 §5.3).
enum class ImageUse {
  Combined,  // at frame 0 an image replaces the first latent frame, elsewhere its tokens are appended
  Guiding,   // its tokens are always appended
};

/// A denoising stage of a recipe.
struct StagePlan {
  int32_t stage = 1, stage_count = 1;
  int64_t width = 0, height = 0;  // pixels
  at::Tensor sigmas = {};         // F32, CPU
  diffusion::Loop loop = diffusion::EulerLoop{};
  // A stream that is absent is not generated.
  std::optional<diffusion::StreamSpec> video = diffusion::StreamSpec{}, audio = diffusion::StreamSpec{};
};

class Run {
 public:
  Run(const engine::Request& resolved, Components& components, diffusion::NoiseSource& noise,
      PromptCache& cache, engine::Sink& sink, Observer* observer = nullptr);

  const engine::Request& request;
  Components& components;
  engine::Sink& sink;

  /// The contexts of the prompt and, where the recipe is guided, of the negative prompt, in the compute dtype
  /// on the device. Rewrites the prompt before where the request asks for it.
  PromptContexts encode_prompts(bool guided);

  /// Decodes the image conditions once; each stage encodes them at its own size.
  std::vector<ConditionImage> read_images();

  std::vector<diffusion::Conditioning> image_conditionings(const std::vector<ConditionImage>& images,
                                                           ImageUse use, const StagePlan& plan);

  /// A whole clip to latents in tiles, fitted to the request's length (spec 07 §6.9).
  at::Tensor encode_source(const engine::VideoCondition& source);

  /// Normalised latent [1, 8, T, 16] of a sound, of any length.
  at::Tensor encode_sound(const DecodedAudio& sound);
  /// Latent frames of the sound that accompanies the request's clip.
  int64_t audio_frames() const;

  /// The transformer with the LoRAs of a stage.
  Lease<transformer::Transformer> transformer(int32_t stage) {
    return components.transformer(sink, components.stage_loras(stage));
  }

  /// Runs one stage with a loaded transformer.
  Latents denoise(const StagePlan& plan, const transformer::Transformer& network,
                  diffusion::Denoiser& denoiser);

  /// ×2 in width and height, normalised again.
  at::Tensor upsample(const at::Tensor& video);

  DecodedAudio decode_audio(const at::Tensor& latent);
  /// Chunks [f, h, w, 3] in [0, 1], in order.
  void decode_video(const at::Tensor& latent, const std::function<void(const at::Tensor&)>& chunk);

  /// A float schedule of the request as a tensor.
  static at::Tensor sigmas(const std::vector<float>& values);
  void observe(const std::string& name, const at::Tensor& value);

 private:
  PromptContexts encode(const std::vector<std::string>& prompts, Lease<text::TextEncoder> encoder);

  diffusion::NoiseSource& noise_;
  PromptCache& cache_;
  Observer* observer_;
};

}  // namespace ltx::pipelines
