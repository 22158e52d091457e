// What surrounds the blocks of one stream: token projection, timestep modules, text projection, output head
// (spec 02 §2.2, §4, §8).
#pragma once
#include "latents/modality.h"
#include "models/transformer/config.h"
#include "models/transformer/stream_pass.h"
#include "models/transformer/timestep.h"

namespace ltx::transformer {

class StreamEnds {
 public:
  enum class Which { Video, Audio };

  StreamEnds(const quant::Source& source, Which which, const Config& config);

  /// What does not change over the steps, without the keys and values of static text. `with_other`: whether
  /// the other modality is given. `known`: constants whose parts are taken where they were made from the same
  /// values.
  StreamConstants constants(const latents::Modality& modality, bool with_other,
                            at::ArrayRef<const StreamConstants*> known) const;

  /// Tokens [B, T, in] -> [B, T, D], with the keyframe marker.
  at::Tensor patchify(const at::Tensor& latent, const StreamConstants& constants) const;

  /// `other_sigma`: undefined if the other modality is absent.
  StreamLevels levels(const latents::Modality& modality, const at::Tensor& other_sigma,
                      const StreamConstants& constants) const;

  /// Output head: x [B, T, D] -> velocity [B, T, out].
  at::Tensor velocity(const at::Tensor& x, const StreamLevels& levels) const;

  const char* name() const { return which_ == Which::Video ? "video" : "audio"; }

 private:
  std::shared_ptr<const Geometry> geometry(const latents::Modality& modality, bool with_other,
                                           at::ArrayRef<const StreamConstants*> known) const;
  std::shared_ptr<TextConstants> text(const latents::Modality& modality, int64_t batch,
                                      at::ArrayRef<const StreamConstants*> known) const;

  struct CrossModules {
    AdaLayerNorm scale_shift, gate;
  };
  struct CaptionProjection {
    quant::Linear linear_1, linear_2;
  };

  Which which_;
  StreamConfig stream_;
  double eps_, timestep_scale_, cross_gate_factor_;
  at::ScalarType compute_;
  at::Device device_;
  nn::RopeSpec rope_, cross_rope_;
  quant::Linear patchify_, proj_out_;
  AdaLayerNorm adaln_;
  std::optional<AdaLayerNorm> prompt_adaln_;
  std::optional<CrossModules> cross_;
  std::optional<CaptionProjection> caption_;
  at::Tensor keyframes_;  // [1, D], or undefined
  at::Tensor table_;      // [2, D]
};

}  // namespace ltx::transformer
