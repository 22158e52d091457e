#include "latents/frames.h"
#include "pipelines/recipes.h"
#include "pipelines/resolve.h"
#include "pipelines/stages.h"

namespace ltx::pipelines {
namespace {

/// The sound of the source over the length of the clip; nothing where it has none.
std::optional<DecodedAudio> sound_of_source(Run& run) {
  const auto& request = run.request;
  if (request.audio) return read_sound(*request.audio, request.reference_parity, run.sink);
  if (request.videos.front().pixels) return std::nullopt;
  engine::AudioCondition audio;
  audio.path = request.videos.front().path;
  // The clip begins with its first frame, wherever the file's clock stands then.
  if (!request.reference_parity) audio.start_time = media::first_frame_time(audio.path, run.sink);
  audio.max_duration = static_cast<double>(request.num_frames) / request.frame_rate;
  return read_sound_of_film(audio, request.reference_parity, run.sink);
}

/// A stream that begins with what the source has.
diffusion::StreamSpec edited(const engine::Request& request, const at::Tensor& source, bool regenerate) {
  diffusion::StreamSpec stream;
  stream.initial = source;
  if (regenerate)
    stream.conditionings.emplace_back(
        diffusion::TemporalRegion{request.start_time, request.end_time, request.frame_rate});
  else {
    stream.frozen = true;
    // The reference leaves the noise in a stream that it preserves: its partner then hears or sees noise that
    // fades away (spec 07 §6.9).
    stream.noise_scale = request.reference_parity ? 1 : 0;
  }
  return stream;
}

}  // namespace

Latents retake(Run& run) {
  const auto& request = run.request;
  StagePlan plan{.width = request.width, .height = request.height};
  plan.sigmas = Run::sigmas(request.stage_1_sigmas);
  plan.loop = loop_of(request);
  plan.video = edited(request, run.encode_source(request.videos.front()), request.regenerate_video);
  if (const auto sound = sound_of_source(run))
    plan.audio = edited(request, latents::fit_latent(run.encode_sound(*sound), run.audio_frames()),
                        request.regenerate_audio);

  const bool guided = is_guided(engine::PipelineKind::Retake, request);
  const PromptContexts text = run.encode_prompts(guided);
  if (guided) {
    auto denoiser = guided_denoiser(request, text);
    return run.denoise(plan, *run.transformer(1), denoiser);
  }
  diffusion::SimpleDenoiser denoiser({text.positive.video, text.positive.audio});
  return run.denoise(plan, *run.transformer(1), denoiser);
}

}  // namespace ltx::pipelines
