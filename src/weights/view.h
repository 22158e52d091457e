// A place in a store: a prefix, and the memory of what was taken below it.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

  /// Full names below this place which nobody took.
  std::vector<std::string> unused() const;
  std::string path(std::string_view name) const;
  const Store& store() const { return *store_; }
  const std::shared_ptr<const Store>& shared_store() const { return store_; }

 private:
  std::shared_ptr<const Store> store_;
  std::shared_ptr<std::set<std::string, std::less<>>> taken_;
  std::string prefix_;  // empty or ends with '.'
};

}  // namespace ltx::weights
