#include "models/transformer/tiled_model.h"

namespace ltx::transformer {
namespace {

class TiledSession : public Session {
 public:
  TiledSession(const Model& inner, const TokenTiling& tiling, const latents::Modality& video,
               const latents::Modality* audio) {
    for (auto& tokens : tiling.select(video.positions)) {
      const auto part = slice(video, tokens);
      tiles_.push_back({tokens, inner.open(&part, audio)});
    }
  }

  Outputs step(const latents::Modality* video, const latents::Modality* audio,
               const latents::Perturbations* perturbations, const Monitor& monitor) const override {
    Outputs sum;
    for (const auto& [tokens, session] : tiles_) {
      const auto part = slice(*video, tokens);
      const auto outputs = session->step(&part, audio, perturbations, monitor);
      if (outputs.video) {
        if (!sum.video) {
          auto sizes = outputs.video->sizes().vec();
          sizes[1] = video->latent.size(1);
          sum.video = at::zeros(sizes, outputs.video->options());
        }
        blend(*sum.video, *outputs.video, tokens);
      }
      if (outputs.audio) sum.audio = sum.audio ? *sum.audio + *outputs.audio : *outputs.audio;
    }
    if (sum.audio) sum.audio = *sum.audio / static_cast<double>(tiles_.size());
    return sum;
  }

 private:
  struct Tile {
    TileTokens tokens;
    std::unique_ptr<Session> session;
  };
  std::vector<Tile> tiles_;
};

}  // namespace

std::unique_ptr<Session> TiledModel::open(const latents::Modality* video,
                                          const latents::Modality* audio) const {
  if (!video) return inner_->open(video, audio);
  return std::make_unique<TiledSession>(*inner_, tiling_, *video, audio);
}

}  // namespace ltx::transformer
