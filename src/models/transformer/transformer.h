// The audio-video diffusion transformer: patchified latents to velocities (spec 02).
#pragma once
#include "models/transformer/block.h"
#include "models/transformer/model.h"
#include "models/transformer/stream_ends.h"

namespace ltx::transformer {

struct TransformerOptions {
  /// Passes of a session do common work once: blocks before the first difference, modulations, keys and
  /// values of one text. Off only where it is compared or measured.
  bool share = true;
  /// Where keys and values of the text depend on the prompt alone (never in released 2.3 and 2.5 files), a
  /// session keeps those of as many texts as fit into this over its steps: text_bytes() each.
  int64_t kept_text_bytes = int64_t{4} << 30;
};

class Transformer : public Model {
 public:
  Transformer(const quant::Source& source, const Config& config, const TransformerOptions& options = {});

  const Config& config() const { return config_; }
  int64_t block_count() const override { return config_.num_layers; }
  std::unique_ptr<Session> prepare(at::ArrayRef<Pass> passes) const override;

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
  TransformerOptions options_;
};

/// Bytes of the keys and values of `samples` texts of `tokens` tokens in all blocks, for one stream.
int64_t text_bytes(const Config& config, const StreamConfig& stream, int64_t samples, int64_t tokens,
                   at::ScalarType compute);

}  // namespace ltx::transformer
