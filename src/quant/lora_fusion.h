// LoRAs on weights in a number format: when the update is added, and how much of it the stored weight keeps
// (spec 01 §8.5–8.7, spec 08 §3.3).
#pragma once
#include <string>
#include <vector>

#include "formats/matrix.h"
#include "quant/policy.h"
#include "weights/store.h"

namespace ltx::quant {

/// How much of the update Δ that a LoRA asks for is in the stored weight S, against the weight W without it.
/// Sums of several layers are their measure together.
struct DeltaSurvival {
  double asked = 0;   // ‖Δ‖²
  double kept = 0;    // ⟨S − W, Δ⟩
  double missed = 0;  // ‖S − W − Δ‖²
  double weight = 0;  // ‖W‖²

  /// Regression of the stored change on the requested one: 1 preserved, 0 lost (the table of spec 08 §3.3).
  double slope() const;
  /// ‖S − W − Δ‖ / ‖Δ‖: what was missed and what rounding added, relative to what was asked.
  double relative_l2() const;
  /// rms(Δ) / rms(W).
  double size() const;
  DeltaSurvival& operator+=(const DeltaSurvival& other);
};

struct FusedWeight {
  formats::Matrix weight;
  DeltaSurvival survival;
};

/// The order that a layer follows: `before` where its source is unquantized, `after` where it is stored in a
/// number format (GGUF: `runtime`), whatever was asked for if that is possible. A layer that stays
/// unquantized (`held`) follows the bf16 rule, `after`, unless `before` is asked for.
LoraOrder resolve_order(LoraOrder asked, formats::Format stored, formats::Format held);

/// `before`: the source [N, K] widened to fp32, plus Σ strength·alpha·up·down in fp32, encoded once
/// (Unquantized: in the dtype of `values`). Computed where `values` lies. Throws Numeric for a result that is
/// not finite.
FusedWeight fuse_before(const at::Tensor& values, const std::vector<weights::ScaledFactors>& updates,
                        const formats::Encoding& encoding);

/// `after`: the public reference's order and roundings: the update in bf16, added to the dequantized weight,
/// encoded again with new scales in `base`'s own format; `encoding` says in which form (its `format` is
/// `base`'s, group size, symmetry and rotation are taken from `base`). An unquantized base follows the bf16
/// rule, a GGUF base becomes bf16. `rounding` is that of unscaled fp8 (Auto: stochastic).
FusedWeight fuse_after(const formats::Matrix& base, const std::vector<weights::ScaledFactors>& updates,
                       const formats::Encoding& encoding, Rounding rounding = Rounding::Auto);

/// Whether fuse_after() can store its sum: not in a format whose blocks the file left incomplete at the edges
/// (spec 08 §2.3).
bool can_fuse_after(const formats::Matrix& base, const formats::Encoding& encoding);

/// `runtime`: the factors for LinearParts::low_rank, in memory of their own and in the dtype that the layer
/// computes in.
std::vector<weights::ScaledFactors> runtime_factors(const std::vector<weights::ScaledFactors>& updates,
                                                    at::Device device,
                                                    at::ScalarType compute = at::kBFloat16);

/// One layer's fusion, for the report of a load.
struct LayerFusion {
  std::string layer;
  LoraOrder order = LoraOrder::Before;
  bool prequantized = false;  // the file stores the layer in a number format
  DeltaSurvival survival;
};

/// Sentences about layers that keep less than kSurvivalThreshold of what was asked, and about small updates
/// of layers that were quantized before (spec 08 §3.3); empty where nothing needs saying.
std::vector<std::string> survival_warnings(const std::vector<LayerFusion>& layers);

inline constexpr double kSurvivalThreshold = 0.75;
inline constexpr double kSmallUpdate = 0.05;

}  // namespace ltx::quant
