#include "models/transformer/transformer.h"

#include "base/error.h"
#include "models/transformer/shared_passes.h"

namespace ltx::transformer {

/// A request: constants per pass and modality, used by every step.
class Transformer::Prepared : public Session {
 public:
  Prepared(const Transformer& model, at::ArrayRef<Pass> passes) : model_(model), constants_(passes.size()) {
    if (passes.empty()) fail(Status::Internal, "A session has no passes. Report this.");
    int64_t text_budget = model.config_.static_text() ? model.options_.kept_text_bytes : 0;
    for (size_t i = 0; i < passes.size(); ++i) {
      const auto& [video, audio, perturbations] = passes[i];
      if (!video && !audio) {
        fail(Status::InvalidArgument,
             "Neither video nor audio is given to the transformer. Give at least one of them.");
      }
      require(model.video_, video, "video");
      require(model.audio_, audio, "audio");
      prepare(i, &PassConstants::video, model.video_, video, audio != nullptr);
      prepare(i, &PassConstants::audio, model.audio_, audio, video != nullptr);
      keep_text(constants_[i].video, model.config_.video, &Block::video, text_budget);
      keep_text(constants_[i].audio, model.config_.audio, &Block::audio, text_budget);
    }
  }

  std::vector<Outputs> evaluate(at::ArrayRef<Pass> passes, const Monitor& monitor) const override {
    auto running = begin(passes, {});
    run(running, 0, model_.block_count(), monitor);
    std::vector<Outputs> velocities;
    for (auto& pass : running) {
      if (pass.first == model_.block_count()) {
        velocities.push_back(velocities[*pass.leader]);
        continue;
      }
      auto& velocity = velocities.emplace_back();
      auto &video = pass.video, &audio = pass.audio;
      if (video) velocity.video = model_.video_->velocity(video->hidden.value(), *video->levels);
      if (audio) velocity.audio = model_.audio_->velocity(audio->hidden.value(), *audio->levels);
    }
    return velocities;
  }

  Outputs blocks(int64_t first, int64_t last, const Outputs& hidden, const Pass& pass,
                 const Monitor& monitor) const {
    auto running = begin(pass, hidden);
    run(running, first, last, monitor);
    Outputs result;
    if (auto& video = running.front().video) result.video = video->hidden.value();
    if (auto& audio = running.front().audio) result.audio = audio->hidden.value();
    return result;
  }

  int64_t bytes() const override {
    HeldBytes held;
    for (const auto& pass : constants_) {
      if (pass.video) held.add(*pass.video);
      if (pass.audio) held.add(*pass.audio);
    }
    return held.total();
  }

 private:
  static void require(const std::optional<StreamEnds>& ends, const latents::Modality* modality,
                      const char* name) {
    if (!modality || ends) return;
    fail(Status::InvalidArgument, "{} is given to a transformer that was built without it. Build it with {}.",
         name, name);
  }

  void prepare(size_t pass, std::optional<StreamConstants> PassConstants::*stream,
               const std::optional<StreamEnds>& ends, const latents::Modality* modality, bool with_other) {
    if (!modality) return;
    std::vector<const StreamConstants*> known;
    for (size_t i = 0; i < pass && model_.options_.share; ++i)
      if (const auto& other = constants_[i].*stream) known.push_back(&*other);
    constants_[pass].*stream = ends->constants(*modality, with_other, known);
  }

  void keep_text(const std::optional<StreamConstants>& constants, const std::optional<StreamConfig>& stream,
                 const StreamLayers* (Block::*layers)() const, int64_t& budget) const {
    if (!constants || !constants->text->kept.empty()) return;
    auto& text = *constants->text;
    const int64_t size =
        text_bytes(model_.config_, *stream, text.context.size(0), text.context.size(1), model_.compute_);
    if (size > budget) return;
    budget -= size;
    for (const auto& block : model_.blocks_) text.kept.push_back((block.*layers)()->static_text(text));
  }

  /// The passes before the first block, or with the given hidden states.
  std::vector<RunningPass> begin(at::ArrayRef<Pass> passes, const Outputs& hidden) const {
    if (passes.size() != constants_.size()) {
      fail(Status::InvalidArgument,
           "A step has {} passes; its request was opened with {}. Open a request per set of passes.",
           passes.size(), constants_.size());
    }
    std::vector<RunningPass> running;
    running.reserve(passes.size());
    for (size_t i = 0; i < passes.size(); ++i) {
      const auto& [video, audio, perturbations] = passes[i];
      check(constants_[i].video, video);
      check(constants_[i].audio, audio);
      const int64_t batch = (video ? constants_[i].video : constants_[i].audio)->batch;
      RunningPass pass{.given = passes[i],
                       .constants = &constants_[i],
                       .keep = KeepTable(perturbations, model_.block_count(), batch)};
      if (model_.options_.share) pass.share(running);
      start(pass.video, pass, constants_[i].video, model_.video_, video, audio, hidden.video);
      start(pass.audio, pass, constants_[i].audio, model_.audio_, audio, video, hidden.audio);
      running.push_back(std::move(pass));
    }
    return running;
  }

  static void check(const std::optional<StreamConstants>& constants, const latents::Modality* own) {
    if ((own != nullptr) != constants.has_value()) {
      fail(Status::InvalidArgument,
           "A step has other modalities than its request was opened with. Give the same ones.");
    }
    if (!own) return;
    if (own->latent.dim() != 3 || own->latent.size(0) != constants->batch ||
        own->latent.size(1) != constants->tokens) {
      fail(Status::InvalidArgument,
           "A step has {} samples of {} tokens; its request was opened with {} of {}. "
           "Open a request per shape.",
           own->latent.size(0), own->latent.size(1), constants->batch, constants->tokens);
    }
  }

  /// Fills what share() did not.
  void start(std::optional<StreamPass>& stream, const RunningPass& pass,
             const std::optional<StreamConstants>& constants, const std::optional<StreamEnds>& ends,
             const latents::Modality* own, const latents::Modality* other,
             const std::optional<at::Tensor>& hidden) const {
    if (!own) return;
    const auto at_device = [this](const at::Tensor& t) { return t.to(model_.device_); };
    if (!stream) stream.emplace();
    stream->constants = &*constants;
    stream->enabled = own->enabled;
    if (!stream->levels) {
      auto step = *own;
      step.sigma = at_device(own->sigma);
      step.timesteps = at_device(own->timesteps);
      stream->levels = std::make_shared<StreamLevels>(
          ends->levels(step, other ? at_device(other->sigma) : at::Tensor(), *constants));
    }
    if (!stream->text) stream->text = std::make_shared<BlockText>();
    if (pass.first > 0) return;  // comes from another pass
    stream->hidden = Stream(hidden ? hidden->clone() : ends->patchify(at_device(own->latent), *constants),
                            model_.config_.norm_eps);
  }

  /// Block by block, all passes in each: a block's weights are met once per step, and of the texts only one
  /// block's keys and values exist at a time. The price is a hidden state per pass.
  void run(std::vector<RunningPass>& passes, int64_t first, int64_t last, const Monitor& monitor) const {
    std::vector<std::vector<BlockKeep>> keeps;
    for (const auto& pass : passes) keeps.push_back(pass.keep.blocks(model_.compute_, model_.device_));
    for (int64_t i = first; i < last; ++i) {
      const auto at = static_cast<size_t>(i);
      for (auto& pass : passes)
        if (pass.leader && pass.first == i) pass.fork(passes[*pass.leader]);
      for (size_t p = 0; p < passes.size(); ++p) {
        if (passes[p].first > i) continue;
        monitor.checkpoint();
        auto &video = passes[p].video, &audio = passes[p].audio;
        model_.blocks_[at].forward(video ? &*video : nullptr, audio ? &*audio : nullptr, keeps[p][at], i);
      }
      for (auto& pass : passes)
        for (auto* stream : {&pass.video, &pass.audio})
          if (*stream) (*stream)->text->reset();
    }
  }

  const Transformer& model_;
  std::vector<PassConstants> constants_;
};

Transformer::Transformer(const quant::Source& source, const Config& config, const TransformerOptions& options)
    : config_(config), compute_(source.compute()), device_(source.device()), options_(options) {
  if (config.video) video_.emplace(source, StreamEnds::Which::Video, config);
  if (config.audio) audio_.emplace(source, StreamEnds::Which::Audio, config);
  blocks_.reserve(static_cast<size_t>(config.num_layers));
  for (int64_t i = 0; i < config.num_layers; ++i)
    blocks_.emplace_back(source / "transformer_blocks" / i, config);
}

std::unique_ptr<Session> Transformer::prepare(at::ArrayRef<Pass> passes) const {
  return std::make_unique<Prepared>(*this, passes);
}

Outputs Transformer::run_blocks(int64_t first, int64_t last, const Outputs& hidden,
                                const latents::Modality* video, const latents::Modality* audio,
                                const latents::Perturbations* perturbations, const Monitor& monitor) const {
  const Pass pass{video, audio, perturbations};
  return Prepared(*this, pass).blocks(first, last, hidden, pass, monitor);
}

int64_t text_bytes(const Config& config, const StreamConfig& stream, int64_t samples, int64_t tokens,
                   at::ScalarType compute) {
  return 2 * samples * tokens * stream.width() * config.num_layers *
         static_cast<int64_t>(at::elementSize(compute));
}

}  // namespace ltx::transformer
