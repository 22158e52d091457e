// A made-up file for tests of loading: plain tensors, layers in number formats, LoRA updates.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "formats/gguf.h"
#include "weights/store.h"

namespace ltx::quant::test {

class TestStore : public weights::Store {
 public:
  void plain(const std::string& name, at::Tensor value) {
    infos_[name] = {value.sizes().vec(), weights::dtype_name(value.scalar_type()),
                    "'test': tensor '" + name + "'"};
    plain_[name] = std::move(value);
  }
  /// `shape`: that of a convolution.
  void stored(const std::string& layer, weights::StoredMatrix matrix, std::vector<int64_t> shape = {}) {
    auto& info = infos_[layer + ".weight"];
    if (shape.empty()) shape = {matrix.matrix.rows, matrix.matrix.columns};
    info = {std::move(shape), "BF16", "'test': tensor '" + layer + ".weight'"};
    info.format = matrix.matrix.format;
    info.bytes = matrix.matrix.bytes();
    stored_[layer + ".weight"] = std::move(matrix);
  }
  void update(const std::string& layer, weights::ScaledFactors factors) {
    updates_[layer + ".weight"].push_back(std::move(factors));
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, info] : infos_) result.push_back(name);
    return result;
  }
  const weights::TensorInfo* find(std::string_view name) const override {
    const auto found = infos_.find(name);
    return found == infos_.end() ? nullptr : &found->second;
  }
  at::Tensor read(std::string_view name) const override {
    ++reads[std::string(name)];
    if (const auto found = stored_.find(name); found != stored_.end())
      return formats::decode(found->second.matrix, at::kBFloat16).view(find(name)->shape);
    return plain_.find(name)->second;
  }
  weights::WeightParts parts(std::string_view name) const override {
    weights::WeightParts parts;
    if (const auto found = stored_.find(name); found != stored_.end())
      parts.stored = found->second;
    else
      parts.values = read(name);
    if (const auto found = updates_.find(name); found != updates_.end()) parts.updates = found->second;
    return parts;
  }
  std::string describe() const override { return "'test'"; }

  mutable std::map<std::string, int> reads;

 private:
  std::map<std::string, weights::TensorInfo, std::less<>> infos_;
  std::map<std::string, at::Tensor, std::less<>> plain_;
  std::map<std::string, weights::StoredMatrix, std::less<>> stored_;
  std::map<std::string, std::vector<weights::ScaledFactors>, std::less<>> updates_;
};

inline at::Tensor random(at::IntArrayRef shape, double scale = 0.02) {
  return (at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(7)) * scale).to(at::kBFloat16);
}

inline weights::StoredMatrix encoded(formats::Format format, const at::Tensor& weight) {
  weights::StoredMatrix stored;
  formats::Encoding encoding;
  encoding.format = format;
  stored.matrix =
      formats::is_gguf(format) ? formats::encode_gguf(weight, format) : formats::encode(weight, encoding);
  return stored;
}

}  // namespace ltx::quant::test
