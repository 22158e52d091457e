// A place in a store: a prefix, and the memory of what was taken below it.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "weights/store.h"

namespace ltx::weights {

/// `view / "attn1" / "to_q"` names `attn1.to_q`; copies share the store and the record of taken tensors.
class View {
 public:
  explicit View(std::shared_ptr<const Store> store, std::string prefix = {});

  View operator/(std::string_view name) const;
  View operator/(int64_t index) const;

  bool has(std::string_view name) const;
  /// True if any tensor lies below this place.
  bool has_any() const;
  /// Shape of a tensor that exists; nullptr otherwise.
  const TensorInfo* info(std::string_view name) const;
  /// Number of children `0, 1, …` without a gap below `name`.
  int64_t count(std::string_view name) const;

  /// Reads a tensor in its stored dtype and marks it as taken. Dimensions of −1 in `shape` match anything.
  /// Throws TensorMissing (with the nearest names) or TensorMismatch.
  at::Tensor take(std::string_view name, at::IntArrayRef shape) const;
  /// The same without a statement about the shape.
  at::Tensor take(std::string_view name) const;

  /// The parts of a weight, of the same logical shape.
  WeightParts take_parts(std::string_view name, at::IntArrayRef shape) const;

  /// True if the tensor that `take` yields is the map of a file.
  bool is_mapped(std::string_view name) const { return store_->is_mapped(path(name)); }
  /// Says that the tensor has been copied, see Store::release.
  void release(std::string_view name) const { store_->release(path(name)); }

  /// Full names below this place which nobody took.
  std::vector<std::string> unused() const;

  /// The same place in a mode that notes missing and mismatched tensors and yields zeros for them, so that
  /// building a network finds them all; require_complete() then throws with up to ten of them and their
  /// number. See build_complete().
  View collecting() const;
  void require_complete() const;

  std::string path(std::string_view name) const;
  const Store& store() const { return *store_; }
  const std::shared_ptr<const Store>& shared_store() const { return store_; }

 private:
  std::shared_ptr<const Store> store_;
  struct Record {
    std::set<std::string, std::less<>> taken;
    bool collecting = false;
    std::vector<std::string> missing, mismatched;  // one text per tensor
  };
  at::Tensor stand_in(Status status, std::string text, at::IntArrayRef shape) const;
  /// Marks a tensor of this shape as taken; else notes or throws, and yields a stand-in.
  at::Tensor claim(const std::string& full, at::IntArrayRef shape) const;

  std::shared_ptr<Record> record_;
  std::string prefix_;  // empty or ends with '.'
};

/// Builds a network from a view and reports every missing and mismatched tensor at once (spec 01 §3.4).
template <class Make>
auto build_complete(const View& view, Make&& make) {
  const View collecting = view.collecting();
  auto network = make(collecting);
  collecting.require_complete();
  return network;
}

}  // namespace ltx::weights
