// The audio-video diffusion transformer: patchified latents to velocities (spec 02).
#pragma once
#include "models/transformer/block.h"
#include "models/transformer/model.h"
#include "models/transformer/stream_ends.h"

namespace ltx::transformer {

struct TransformerOptions {
  /// Keeps keys and values of the text over the steps of a session where they depend on the prompt alone
  /// (never in released 2.3 and 2.5 files): saves their projections at the price of 2·S·(V + A) values per
  /// block and sample.
  bool keep_text = false;
};

class Transformer : public Model {
 public:
  Transformer(const quant::Source& source, const Config& config, const TransformerOptions& options = {});

  const Config& config() const { return config_; }
  int64_t block_count() const override { return config_.num_layers; }
  std::unique_ptr<Session> open(const latents::Modality* video,
                                const latents::Modality* audio) const override;

  /// Runs blocks [first, last) alone on hidden states [B, T, D], everything else prepared as in a forward.
  /// For tests and calibration.
  Outputs run_blocks(int64_t first, int64_t last, const Outputs& hidden, const latents::Modality* video,
                     const latents::Modality* audio, const latents::Perturbations* perturbations,
                     const Monitor& monitor) const;

 private:
  class Prepared;

  Config config_;
  at::ScalarType compute_;
  at::Device device_;
  std::optional<StreamEnds> video_, audio_;
  std::vector<Block> blocks_;
  bool keep_text_;
};

}  // namespace ltx::transformer
