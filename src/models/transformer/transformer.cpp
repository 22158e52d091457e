#include "models/transformer/transformer.h"

#include "base/error.h"

namespace ltx::transformer {

/// A request: one StreamConstants per modality, used by every step.
class Transformer::Prepared : public Session {
 public:
  Prepared(const Transformer& model, const latents::Modality* video, const latents::Modality* audio)
      : model_(model) {
    if (!video && !audio) {
      fail(Status::InvalidArgument,
           "Neither video nor audio is given to the transformer. Give at least one of them.");
    }
    require(model.video_, video, "video");
    require(model.audio_, audio, "audio");
    prepare(video_, model.video_, video, &Block::video, audio != nullptr);
    prepare(audio_, model.audio_, audio, &Block::audio, video != nullptr);
  }

  Outputs step(const latents::Modality* video, const latents::Modality* audio,
               const latents::Perturbations* perturbations, const Monitor& monitor) const override {
    auto [v, a] = passes(video, audio, {});
    run(v, a, perturbations, 0, model_.block_count(), monitor);
    Outputs velocity;
    if (v) velocity.video = model_.video_->velocity(v->hidden.value(), v->levels);
    if (a) velocity.audio = model_.audio_->velocity(a->hidden.value(), a->levels);
    return velocity;
  }

  Outputs blocks(int64_t first, int64_t last, const Outputs& hidden, const latents::Modality* video,
                 const latents::Modality* audio, const latents::Perturbations* perturbations,
                 const Monitor& monitor) const {
    auto [v, a] = passes(video, audio, hidden);
    run(v, a, perturbations, first, last, monitor);
    Outputs result;
    if (v) result.video = v->hidden.value();
    if (a) result.audio = a->hidden.value();
    return result;
  }

 private:
  using Passes = std::pair<std::optional<StreamPass>, std::optional<StreamPass>>;

  static void require(const std::optional<StreamEnds>& ends, const latents::Modality* modality,
                      const char* name) {
    if (!modality || ends) return;
    fail(Status::InvalidArgument, "{} is given to a transformer that was built without it. Build it with {}.",
         name, name);
  }

  void prepare(std::optional<StreamConstants>& constants, const std::optional<StreamEnds>& ends,
               const latents::Modality* modality, const StreamLayers* (Block::*layers)() const,
               bool with_other) const {
    if (!modality) return;
    constants = ends->constants(*modality, with_other);
    if (!model_.keep_text_) return;
    for (const auto& block : model_.blocks_)
      constants->text.push_back((block.*layers)()->static_text(*constants));
  }

  /// The streams before the first block, or with the given hidden states.
  Passes passes(const latents::Modality* video, const latents::Modality* audio, const Outputs& hidden) const {
    const auto pass = [&](const std::optional<StreamConstants>& constants,
                          const std::optional<StreamEnds>& ends, const latents::Modality* own,
                          const latents::Modality* other,
                          const std::optional<at::Tensor>& x) -> std::optional<StreamPass> {
      if ((own != nullptr) != constants.has_value()) {
        fail(Status::InvalidArgument,
             "A step has other modalities than its request was opened with. Give the same ones.");
      }
      if (!own) return std::nullopt;
      if (own->latent.dim() != 3 || own->latent.size(0) != constants->batch ||
          own->latent.size(1) != constants->tokens) {
        fail(Status::InvalidArgument,
             "A step has {} samples of {} tokens; its request was opened with {} of {}. "
             "Open a request per shape.",
             own->latent.size(0), own->latent.size(1), constants->batch, constants->tokens);
      }
      const auto at_device = [this](const at::Tensor& t) { return t.to(model_.device_); };
      auto step = *own;
      step.sigma = at_device(own->sigma);
      step.timesteps = at_device(own->timesteps);
      return StreamPass{&*constants,
                        ends->levels(step, other ? at_device(other->sigma) : at::Tensor(), *constants),
                        Stream(x ? x->clone() : ends->patchify(at_device(own->latent), *constants),
                               model_.config_.norm_eps),
                        own->enabled};
    };
    return {pass(video_, model_.video_, video, audio, hidden.video),
            pass(audio_, model_.audio_, audio, video, hidden.audio)};
  }

  void run(std::optional<StreamPass>& video, std::optional<StreamPass>& audio,
           const latents::Perturbations* perturbations, int64_t first, int64_t last,
           const Monitor& monitor) const {
    const int64_t batch = (video ? video : audio)->constants->batch;
    const auto keeps =
        block_keeps(perturbations, model_.block_count(), batch, model_.compute_, model_.device_);
    for (int64_t i = first; i < last; ++i) {
      monitor.checkpoint();
      const auto at = static_cast<size_t>(i);
      model_.blocks_[at].forward(video ? &*video : nullptr, audio ? &*audio : nullptr, keeps[at], i);
    }
  }

  const Transformer& model_;
  std::optional<StreamConstants> video_, audio_;
};

Transformer::Transformer(const quant::Source& source, const Config& config, const TransformerOptions& options)
    : config_(config),
      compute_(source.compute()),
      device_(source.device()),
      keep_text_(options.keep_text && config.static_text()) {
  if (config.video) video_.emplace(source, StreamEnds::Which::Video, config);
  if (config.audio) audio_.emplace(source, StreamEnds::Which::Audio, config);
  blocks_.reserve(static_cast<size_t>(config.num_layers));
  for (int64_t i = 0; i < config.num_layers; ++i)
    blocks_.emplace_back(source / "transformer_blocks" / i, config);
}

std::unique_ptr<Session> Transformer::open(const latents::Modality* video,
                                           const latents::Modality* audio) const {
  return std::make_unique<Prepared>(*this, video, audio);
}

Outputs Transformer::run_blocks(int64_t first, int64_t last, const Outputs& hidden,
                                const latents::Modality* video, const latents::Modality* audio,
                                const latents::Perturbations* perturbations, const Monitor& monitor) const {
  return Prepared(*this, video, audio).blocks(first, last, hidden, video, audio, perturbations, monitor);
}

}  // namespace ltx::transformer
