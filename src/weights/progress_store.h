// A store that reports how much of a load is done and lets the caller stop it.
#pragma once
#include <memory>

#include "base/monitor.h"
#include "weights/store.h"

namespace ltx::weights {

/// Reports Phase::Load after at most 64 MiB of reading and asks the monitor whether to go on. The monitor
/// must live as long as the store is read from, that is while a network is built.
class ProgressStore : public Store {
 public:
  /// `done` and `total` are the bytes of a load that has several stores; a total of 0 means this store's own
  /// bytes.
  ProgressStore(std::shared_ptr<const Store> base, Monitor& monitor, uint64_t done = 0, uint64_t total = 0);

  std::vector<std::string> names() const override { return base_->names(); }
  const TensorInfo* find(std::string_view name) const override { return base_->find(name); }
  at::Tensor read(std::string_view name) const override;
  WeightParts parts(std::string_view name) const override;
  std::string describe() const override { return base_->describe(); }
  const StoredLayers* stored_layers() const override { return base_->stored_layers(); }
  bool is_mapped(std::string_view name) const override { return base_->is_mapped(name); }

  void release(std::string_view name) const override { base_->release(name); }

  uint64_t bytes_done() const { return done_; }

 private:
  void report() const;
  /// Brings `tensor`, the body of what `name` stores, into memory and counts the bytes of `name`.
  void count(std::string_view name, const at::Tensor& tensor) const;

  std::shared_ptr<const Store> base_;
  Monitor& monitor_;
  mutable uint64_t done_, reported_;
  uint64_t total_;
};

/// Bytes of all tensors of a store as they are stored.
uint64_t stored_bytes(const Store& store);
uint64_t stored_bytes(const TensorInfo& info);

}  // namespace ltx::weights
