// Values that are not finite, found where they first appear.
#pragma once
#include <ATen/ATen.h>

#include <string>

#include "quant/observe.h"

namespace ltx::pipelines {

/// Remembers the first linear layer whose input or output is not finite.
class FirstNonFinite final : public quant::LinearObserver {
 public:
  void ran(const std::string& layer, const at::Tensor& x, const at::Tensor& y) override;

  bool found() const { return !layer_.empty(); }
  /// "layer 'transformer_blocks.3.ff.net.2': 7 of 1024 outputs are not finite (input: |x| <= 3.1e+38)".
  std::string describe() const;

 private:
  std::string layer_;
  bool at_input_ = false;
  int64_t bad_ = 0, total_ = 0;
  double largest_input_ = 0;
};

/// Whether every value is finite; waits for the device.
bool all_finite(const at::Tensor& values);

}  // namespace ltx::pipelines
