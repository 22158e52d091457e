// The weight of a convolution, as the policy of its source has it: in the compute dtype, or as int8 with a
// scale per filter (spec 08 §15).
#pragma once
#include "formats/int8_filter.h"
#include "quant/source.h"

namespace ltx::quant {

struct LayerReport;

class ConvWeight {
 public:
  ConvWeight() = default;
  /// Takes `weight` [Co, Ci, kt, kh, kw] at the source's place, held as the source's policy decides, and
  /// reports it. Codes that the file stores in int8 are kept.
  ConvWeight(const Source& source, at::IntArrayRef shape);
  /// A weight that no policy reaches.
  explicit ConvWeight(at::Tensor plain);

  /// In the compute dtype and channels-last memory; int8 is dequantized at every call, rounded to bf16.
  at::Tensor values() const;
  int64_t out_channels() const { return plain_.defined() ? plain_.size(0) : filter_.codes.size(0); }
  int64_t kernel_frames() const { return plain_.defined() ? plain_.size(2) : filter_.codes.size(2); }
  bool quantized() const { return !plain_.defined(); }

 private:
  void hold_int8(const Source& source, at::IntArrayRef shape, bool keep, LayerReport& entry);

  at::Tensor plain_;
  formats::Int8Filter filter_;
  at::ScalarType compute_ = at::kFloat;
};

}  // namespace ltx::quant
