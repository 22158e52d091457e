// A look at every linear layer that runs on this thread: calibration and the search for the first value that
// is not finite.
#pragma once
#include <ATen/ATen.h>

#include <string>

namespace ltx::quant {

class LinearObserver {
 public:
  virtual ~LinearObserver() = default;
  /// After a layer has run: its full name, x [..., K] and y [..., N].
  virtual void ran(const std::string& layer, const at::Tensor& x, const at::Tensor& y) = 0;
};

/// While it exists, the observer sees the layers that run on the constructing thread. Scopes nest; the
/// innermost sees.
class ObserveLinears {
 public:
  explicit ObserveLinears(LinearObserver& observer);
  ~ObserveLinears();
  ObserveLinears(const ObserveLinears&) = delete;
  ObserveLinears& operator=(const ObserveLinears&) = delete;

 private:
  LinearObserver* outer_;
};

/// The observer in force on this thread, or nullptr.
LinearObserver* linear_observer();

}  // namespace ltx::quant
