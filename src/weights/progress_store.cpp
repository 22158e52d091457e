#include "weights/progress_store.h"

#include <algorithm>

#include "io/safetensors.h"

namespace ltx::weights {
namespace {

constexpr uint64_t kReportEvery = 64ull << 20;
constexpr size_t kPage = 4096;

}  // namespace

uint64_t stored_bytes(const TensorInfo& info) {
  if (info.bytes != 0) return info.bytes;
  uint64_t bits = static_cast<uint64_t>(io::bits_of(info.dtype));
  for (const auto extent : info.shape) bits *= static_cast<uint64_t>(extent);
  return bits / 8;
}

uint64_t stored_bytes(const Store& store) {
  uint64_t total = 0;
  for (const auto& name : store.names()) total += stored_bytes(*store.find(name));
  return total;
}

ProgressStore::ProgressStore(std::shared_ptr<const Store> base, Monitor& monitor, uint64_t done,
                             uint64_t total)
    : base_(std::move(base)),
      monitor_(monitor),
      done_(done),
      reported_(done),
      total_(total ? total : stored_bytes(*base_)) {}

void ProgressStore::report() const {
  monitor_.checkpoint();
  Progress progress;
  progress.phase = Phase::Load;
  progress.bytes_done = done_;
  progress.bytes_total = total_;
  monitor_.progress(progress);
  reported_ = done_;
}

void ProgressStore::count(std::string_view name, const at::Tensor& tensor) const {
  const uint64_t after = done_ + stored_bytes(*base_->find(name));
  if (base_->is_mapped(name) && tensor.is_cpu()) {
    // Touching the map brings the file in piece by piece; the copy that follows then waits for no disk and
    // need not be interruptible.
    const auto* bytes = static_cast<const std::byte*>(tensor.const_data_ptr());
    const uint64_t size = std::min<uint64_t>(tensor.nbytes(), after - done_);
    for (uint64_t at = 0, piece = 0; at < size; at += piece) {
      piece = std::min(kReportEvery - (done_ - reported_), size - at);
      io::prefetch({bytes + at, piece});
      for (uint64_t i = 0; i < piece; i += kPage)
        static_cast<void>(*const_cast<const volatile std::byte*>(bytes + at + i));
      done_ += piece;
      if (done_ - reported_ >= kReportEvery) report();
    }
  }
  done_ = after;
  if (done_ - reported_ >= kReportEvery || (done_ >= total_ && reported_ < done_)) report();
}

at::Tensor ProgressStore::read(std::string_view name) const {
  monitor_.checkpoint();
  auto tensor = base_->read(name);
  count(name, tensor);
  return tensor;
}

WeightParts ProgressStore::parts(std::string_view name) const {
  monitor_.checkpoint();
  auto parts = base_->parts(name);
  count(name, parts.stored ? parts.stored->matrix.codes : parts.values);
  return parts;
}

}  // namespace ltx::weights
