#include "diffusion/denoiser.h"

#include "base/error.h"

namespace ltx::diffusion {
namespace {

Passes cond_only(const at::Tensor& cond) {
  Passes passes;
  passes.cond = cond;
  return passes;
}

double sigma_at(const at::Tensor& sigmas, int64_t step) {
  if (sigmas.dim() != 1 || step < 0 || step >= sigmas.numel())
    fail(Status::Internal,
         "step {} is not in a schedule of {} levels. Report this as a fault of the library.", step,
         sigmas.numel());
  return sigmas.to(at::kCPU)[step].item<double>();
}

const at::Tensor& positive_context(const std::optional<at::Tensor>& context, Stream stream) {
  if (!context)
    fail(Status::InvalidArgument, "the {} stream has no text context. Encode the prompt for it.",
         latents::name(stream));
  return *context;
}

/// The context of the unconditional pass: the positive one where the stream has no negative and does not need
/// it.
const at::Tensor& negative_context(const std::optional<StreamGuidance>& guidance, const at::Tensor& positive,
                                   bool needed, Stream stream) {
  if (!guidance || !guidance->negative_context) {
    if (!needed) return positive;
    fail(Status::InvalidArgument,
         "the {} guidance needs an unconditional pass but has no negative context. Encode a negative prompt "
         "or set "
         "cfg_scale to 1.",
         latents::name(stream));
  }
  const auto& negative = *guidance->negative_context;
  if (negative.sizes() != positive.sizes())
    fail(
        Status::TensorMismatch,
        "the negative {} context has {} tokens, the positive one {}. Encode both prompts to the same length.",
        latents::name(stream), negative.dim() > 1 ? negative.size(1) : -1,
        positive.dim() > 1 ? positive.size(1) : -1);
  return negative;
}

}  // namespace

Denoised SimpleDenoiser::operator()(X0Model& model, const Streams& streams, const at::Tensor& sigmas,
                                    int64_t step) {
  const double sigma = sigma_at(sigmas, step);
  ModelPass pass;
  if (streams.video)
    pass.video = modality_of(*streams.video, positive_context(contexts_.video, Stream::Video), sigma,
                             sigmas.scalar_type());
  if (streams.audio)
    pass.audio = modality_of(*streams.audio, positive_context(contexts_.audio, Stream::Audio), sigma,
                             sigmas.scalar_type());
  const auto x0 = model.predict({pass}).front();
  Denoised denoised;
  if (x0.video) denoised.video = Prediction{*x0.video, cond_only(*x0.video)};
  if (x0.audio) denoised.audio = Prediction{*x0.audio, cond_only(*x0.audio)};
  return denoised;
}

GuidedDenoiser::GuidedDenoiser(Contexts contexts, std::optional<StreamGuidance> video,
                               std::optional<StreamGuidance> audio, bool force_uncond_pass)
    : contexts_(std::move(contexts)),
      video_(std::move(video)),
      audio_(std::move(audio)),
      force_uncond_(force_uncond_pass) {}

/// One stream at one step.
struct GuidedDenoiser::Guided {
  Guided(Stream which, const std::optional<latents::State>& state, const std::optional<at::Tensor>& context,
         const std::optional<StreamGuidance>& guidance, double level, int64_t step)
      : stream(which),
        present(state.has_value()),
        params(guidance ? guidance->params.at(level) : GuiderParams{}) {
    skipped = params.skips(step);
    if (present) positive = positive_context(context, which);
  }

  void add_to(ModelPass& pass, const latents::Modality& modality, const at::Tensor& context) const {
    auto& slot = stream == Stream::Video ? pass.video : pass.audio;
    slot = modality;
    slot->context = context;
    slot->enabled = !skipped;
  }

  /// The combined prediction of the passes that ran, or the last one.
  std::optional<Prediction> prediction(const Passes& passes, std::optional<at::Tensor>& last) const {
    if (!present) return std::nullopt;
    if (skipped) {
      if (!last)
        fail(Status::InvalidArgument,
             "the {} guidance skips a step before any prediction exists. Begin a loop at step 0.",
             latents::name(stream));
      return Prediction{*last, {}};
    }
    last = combine(params, passes);
    return Prediction{*last, passes};
  }

  Stream stream;
  bool present, skipped = false;
  GuiderParams params;
  at::Tensor positive;
};

Denoised GuidedDenoiser::operator()(X0Model& model, const Streams& streams, const at::Tensor& sigmas,
                                    int64_t step) {
  const double sigma = sigma_at(sigmas, step);
  if (sigmas_.empty())
    for (int64_t i = 0; i < sigmas.numel(); ++i) sigmas_.push_back(sigma_at(sigmas, i));
  if (step >= static_cast<int64_t>(sigmas_.size()))
    fail(Status::Internal,
         "step {} is not in the {} levels that the denoiser began with. Make one for each loop.", step,
         sigmas_.size());
  const Guided video(Stream::Video, streams.video, contexts_.video, video_, sigmas_[step], step);
  const Guided audio(Stream::Audio, streams.audio, contexts_.audio, audio_, sigmas_[step], step);
  Denoised denoised;
  denoised.model_needed = !(video.skipped && audio.skipped);
  // A call whose results nobody takes is left out.
  if ((!video.present || video.skipped) && (!audio.present || audio.skipped)) {
    denoised.video = video.prediction({}, last_video_);
    denoised.audio = audio.prediction({}, last_audio_);
    return denoised;
  }

  std::optional<latents::Modality> video_input, audio_input;
  if (video.present) video_input = modality_of(*streams.video, video.positive, sigma, sigmas.scalar_type());
  if (audio.present) audio_input = modality_of(*streams.audio, audio.positive, sigma, sigmas.scalar_type());
  std::vector<ModelPass> passes;
  std::vector<at::Tensor Passes::*> results;
  const auto add_pass = [&](at::Tensor Passes::*result, const at::Tensor& video_context,
                            const at::Tensor& audio_context,
                            const std::vector<latents::Perturbation>& left_out) {
    ModelPass pass;
    if (video_input) video.add_to(pass, *video_input, video_context);
    if (audio_input) audio.add_to(pass, *audio_input, audio_context);
    const auto& any = video_input ? video_input : audio_input;
    if (!left_out.empty()) pass.perturbations.assign(static_cast<size_t>(any->latent.size(0)), left_out);
    passes.push_back(std::move(pass));
    results.push_back(result);
  };

  add_pass(&Passes::cond, video.positive, audio.positive, {});
  if (force_uncond_ || video.params.needs_uncond() || audio.params.needs_uncond()) {
    const auto context = [&](const Guided& guided, const std::optional<StreamGuidance>& guidance) {
      if (!guided.present) return at::Tensor();
      return negative_context(guidance, guided.positive, force_uncond_ || guided.params.needs_uncond(),
                              guided.stream);
    };
    add_pass(&Passes::uncond, context(video, video_), context(audio, audio_), {});
  }
  if (video.params.needs_perturbed() || audio.params.needs_perturbed()) {
    std::vector<latents::Perturbation> left_out;
    if (video.params.needs_perturbed())
      left_out.push_back({latents::PerturbationType::SkipVideoSelf, video.params.stg_blocks});
    if (audio.params.needs_perturbed())
      left_out.push_back({latents::PerturbationType::SkipAudioSelf, audio.params.stg_blocks});
    add_pass(&Passes::ptb, video.positive, audio.positive, left_out);
  }
  if (video.params.needs_isolated() || audio.params.needs_isolated())
    add_pass(&Passes::mod, video.positive, audio.positive,
             {{latents::PerturbationType::SkipAudioToVideo, std::nullopt},
              {latents::PerturbationType::SkipVideoToAudio, std::nullopt}});

  const auto x0 = model.predict(passes);
  Passes video_passes, audio_passes;
  for (size_t i = 0; i < results.size(); ++i) {
    if (x0[i].video) video_passes.*results[i] = *x0[i].video;
    if (x0[i].audio) audio_passes.*results[i] = *x0[i].audio;
  }
  denoised.video = video.prediction(video_passes, last_video_);
  denoised.audio = audio.prediction(audio_passes, last_audio_);
  return denoised;
}

GuidedDenoiser factory_denoiser(Contexts contexts, std::optional<StreamGuidance> video,
                                std::optional<StreamGuidance> audio) {
  if (!audio) audio = video;
  return {std::move(contexts), std::move(video), std::move(audio)};
}

}  // namespace ltx::diffusion
