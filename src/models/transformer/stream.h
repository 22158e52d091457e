// The residual stream of one modality inside the blocks.
#pragma once
#include "kernels/residual_norm.h"

namespace ltx::transformer {

/// Scale and shift of a modulation: rms(x) · (1 + scale) + shift.
using ScaleShift = kernels::ScaleShiftRows;

/// x · (1 + scale) + shift without a norm, x [B, T, D].
at::Tensor modulate(const at::Tensor& x, const ScaleShift& by);

/// Holds x [B, T, D]. What is added is carried along and joins x in the same pass over memory that makes the
/// next norm.
class Stream {
 public:
  /// `x` is written to when gradients are off: pass what nobody else reads.
  Stream(at::Tensor x, double eps) : x_(std::move(x)), eps_(eps) {}

  /// A stream of its own that goes on from here.
  Stream fork() const {
    Stream copy = *this;
    copy.x_ = x_.clone();  // what is pending is only read
    return copy;
  }

  /// x ← x + y · gate, or x + y without a gate.
  void add(at::Tensor y, std::optional<kernels::TokenRows> gate);

  /// rms(x)
  at::Tensor normed();
  /// rms(x) · (1 + scale) + shift
  at::Tensor modulated(const ScaleShift& by);
  /// Two modulations of one norm.
  std::pair<at::Tensor, at::Tensor> modulated(const ScaleShift& first, const ScaleShift& second);

  /// x with everything added.
  const at::Tensor& value();

 private:
  /// Adds what is pending and makes a norm per entry, modulated where it is not null.
  std::vector<at::Tensor> settle(at::ArrayRef<const ScaleShift*> by);

  at::Tensor x_;
  double eps_;
  at::Tensor pending_;  // y of the last add(), not yet in x
  std::optional<kernels::TokenRows> pending_gate_;
};

}  // namespace ltx::transformer
