#include "diffusion/stage.h"

#include <algorithm>

#include "base/error.h"
#include "diffusion/schedule.h"

namespace ltx::diffusion {
namespace {

latents::State conditioned_state(const StreamSpec& spec, const StageSpec& stage,
                                 const latents::Target& target) {
  auto state = latents::initial_state(target, stage.dtype, stage.device, spec.initial);
  for (const auto& item : spec.conditionings) state = apply(item, state, target);
  return state;
}

latents::State noised_state(latents::State state, const StreamSpec& spec, Stream stream,
                            const Surroundings& surroundings) {
  NoiseRequest request;
  request.stream = stream;
  request.stage = surroundings.stage;
  state = add_noise(std::move(state), spec.noise_scale, surroundings.noise, request);
  if (spec.frozen) {
    state.denoise_mask = at::zeros_like(state.denoise_mask);
    state.frozen = true;
  }
  return state;
}

void check(const StageSpec& spec, const VelocityModel& model) {
  if (!spec.video && !spec.audio)
    fail(Status::InvalidArgument, "neither video nor audio is to be generated. Ask for one of them.");
  check_schedule(spec.sigmas, "the stage's schedule");
  const bool slots = spec.video && std::any_of(spec.video->conditionings.begin(),
                                               spec.video->conditionings.end(), generates_keyframes);
  if (slots && !model.supports_keyframe_slots())
    fail(Status::Unsupported,
         "the checkpoint has no keyframe embedding, so it cannot generate keyframes. Use one of LTX-2.5 with "
         "use_keyframes_abs_pos_embedding, or ask for no keyframes.");
}

}  // namespace

double first_sigma(const at::Tensor& sigmas) {
  return sigmas.to(at::kCPU, at::kFloat)[0].item<float>();
}

StageResult run_stage(const StageSpec& spec, VelocityModel& model, Denoiser& denoiser,
                      const Surroundings& surroundings) {
  check(spec, model);
  X0Model x0_model(model, spec.max_batch_size, surroundings.monitor);
  std::optional<latents::VideoTarget> video_target;
  std::optional<latents::AudioTarget> audio_target;
  Streams streams;
  // Everything that can be refused is refused before the first draw.
  if (spec.video) {
    video_target = {latents::video_latent_shape(1, spec.frames, spec.height, spec.width), spec.fps};
    streams.video = conditioned_state(*spec.video, spec, *video_target);
  }
  if (spec.audio) {
    audio_target = {latents::audio_latent_shape_of_clip(1, spec.frames, spec.fps)};
    streams.audio = conditioned_state(*spec.audio, spec, *audio_target);
  }
  if (spec.video)
    streams.video = noised_state(std::move(*streams.video), *spec.video, Stream::Video, surroundings);
  if (spec.audio)
    streams.audio = noised_state(std::move(*streams.audio), *spec.audio, Stream::Audio, surroundings);
  if (surroundings.observer) surroundings.observer->noised(surroundings.stage, streams);

  const auto done = run_loop(spec.loop, spec.sigmas, std::move(streams), denoiser, x0_model, surroundings);
  StageResult result;
  result.evaluations = done.evaluations;
  if (video_target) {
    auto video = latents::finish(*done.streams.video, *video_target);
    result.video = video.latent;
    result.generated_keyframes = video.generated_keyframes;
  }
  if (audio_target) result.audio = latents::finish(*done.streams.audio, *audio_target).latent;
  return result;
}

}  // namespace ltx::diffusion
