// Values that are not finite, found where they first appear.
#pragma once
#include <ATen/ATen.h>

#include <string>
#include <string_view>

#include "base/error.h"
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

/// Throws Numeric naming the component if a floating tensor has values that are not finite.
void require_finite(const at::Tensor& values, std::string_view component);

/// Runs `work`, whose result `values` are looked at. If they are not finite it is run once more with a look
/// at every linear layer, and Numeric names the component and the first layer: the search costs nothing until
/// it is needed.
template <class Work, class Values>
auto run_guarded(std::string_view component, Work&& work, Values&& values) {
  auto result = work();
  if (all_finite(values(result))) return result;
  FirstNonFinite search;
  {
    const quant::ObserveLinears watching(search);
    work();
  }
  fail(Status::Numeric, "{}: {}. Use compute_dtype f32, another policy or other weights.", component,
       search.found() ? search.describe() : "values of its output are not finite");
}

}  // namespace ltx::pipelines
