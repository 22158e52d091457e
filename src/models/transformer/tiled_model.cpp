#include "models/transformer/tiled_model.h"

#include <algorithm>

#include "base/error.h"
#include "latents/same_view.h"

namespace ltx::transformer {
namespace {

/// One tile after the other, each with all passes.
class TiledSession : public Session {
 public:
  TiledSession(const Model& inner, const TokenTiling& tiling, at::ArrayRef<Pass> passes) {
    for (const auto& pass : passes) {
      auto tokens = tiling.select(pass.video->positions);
      tiles_.resize(tokens.size());
      for (size_t i = 0; i < tokens.size(); ++i) tiles_[i].tokens.push_back(std::move(tokens[i]));
    }
    for (auto& tile : tiles_) tile.session = inner.prepare(Slices(passes, tile.tokens).passes);
  }

  std::vector<Outputs> evaluate(at::ArrayRef<Pass> passes, const Monitor& monitor) const override {
    std::vector<Outputs> sums(passes.size());
    for (const auto& tile : tiles_) {
      const Slices slices(passes, tile.tokens);
      const auto outputs = tile.session->evaluate(slices.passes, monitor);
      for (size_t i = 0; i < passes.size(); ++i) {
        auto& sum = sums[i];
        if (outputs[i].video) {
          if (!sum.video) {
            auto sizes = outputs[i].video->sizes().vec();
            sizes[1] = passes[i].video->latent.size(1);
            sum.video = at::zeros(sizes, outputs[i].video->options());
          }
          blend(*sum.video, *outputs[i].video, tile.tokens[i]);
        }
        if (outputs[i].audio) sum.audio = sum.audio ? *sum.audio + *outputs[i].audio : *outputs[i].audio;
      }
    }
    for (auto& sum : sums)
      if (sum.audio) sum.audio = *sum.audio / static_cast<double>(tiles_.size());
    return sums;
  }

  int64_t bytes() const override {
    int64_t sum = 0;
    for (const auto& tile : tiles_) sum += tile.session->bytes();
    return sum;
  }

 private:
  struct Tile {
    std::vector<TileTokens> tokens;  // per pass
    std::unique_ptr<Session> session;
  };

  /// What a tile sees of every pass. Passes with the same video get the same slice of it, so that they can
  /// share work.
  struct Slices {
    Slices(at::ArrayRef<Pass> given, const std::vector<TileTokens>& tokens) {
      videos.reserve(given.size());
      for (size_t i = 0; i < given.size(); ++i) {
        auto& part = videos.emplace_back(slice(*given[i].video, tokens[i]));
        for (size_t j = 0; j < i; ++j) {
          const auto &mine = *given[i].video, &other = *given[j].video;
          if (!latents::same_view(mine.positions, other.positions)) continue;
          if (latents::same_view(mine.latent, other.latent)) part.latent = videos[j].latent;
          if (latents::same_view(mine.timesteps, other.timesteps)) part.timesteps = videos[j].timesteps;
        }
        passes.push_back({&part, given[i].audio, given[i].perturbations});
      }
    }
    std::vector<latents::Modality> videos;
    std::vector<Pass> passes;
  };

  std::vector<Tile> tiles_;
};

}  // namespace

std::unique_ptr<Session> TiledModel::prepare(at::ArrayRef<Pass> passes) const {
  const auto with_video = std::count_if(passes.begin(), passes.end(), [](const Pass& p) { return p.video; });
  if (with_video == 0) return inner_->prepare(passes);
  if (with_video != static_cast<int64_t>(passes.size())) {
    fail(Status::InvalidArgument,
         "{} of {} passes have a video to be tiled. Give all passes the same modalities.", with_video,
         passes.size());
  }
  return std::make_unique<TiledSession>(*inner_, tiling_, passes);
}

}  // namespace ltx::transformer
