// LoRA files (spec 01 §8): what they adapt, and the settings that pipelines read from them.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weights/metadata.h"
#include "weights/store.h"

namespace ltx::weights {

/// The factors of one layer: the update of its weight is up · down · (alpha / rank where alpha is stored).
struct LoraFactors {
  std::string down, up;  // names in the file; "" where one of the two is missing
  std::string alpha;     // name in the file; "" where the layer has none
};

class LoraFile {
 public:
  /// Throws FileFormat for a file that is no LoRA, LoraMismatch for adapters of another kind and for
  /// malformed factors. `reference`: only the keys that the public reference reads count, alphas and other
  /// kinds of adapters are passed over ([R] of spec 01 §8.1).
  explicit LoraFile(const std::filesystem::path& path, bool reference = false);

  const std::string& path() const { return path_; }
  bool reference() const { return reference_; }
  const Metadata& metadata() const { return metadata_; }
  /// By layer name in the transformer ("transformer_blocks.0.attn1.to_q"); halves of a pair included.
  const std::map<std::string, LoraFactors, std::less<>>& layers() const { return layers_; }
  int64_t rank(const LoraFactors& factors) const;
  uint64_t bytes() const;

  at::Tensor down(const LoraFactors& factors) const {
    return tensors_->read(factors.down);
  }  // [rank, in], as stored
  at::Tensor up(const LoraFactors& factors) const {
    return tensors_->read(factors.up);
  }  // [out, rank], as stored
  /// Says that the factors have been used, see Store::release.
  void release(const LoraFactors& factors) const {
    tensors_->release(factors.down);
    tensors_->release(factors.up);
  }
  /// alpha / rank, 1 where the layer stores no alpha.
  double scale(const LoraFactors& factors) const;
  const TensorInfo& down_info(const LoraFactors& factors) const { return *tensors_->find(factors.down); }
  const TensorInfo& up_info(const LoraFactors& factors) const { return *tensors_->find(factors.up); }

  /// Integers that an IC-LoRA states about its reference video (spec 01 §8.3); absent where the file does not
  /// say. Throws ModelConfig if the entry is no positive integer.
  std::optional<int64_t> reference_downscale_factor() const { return factor("reference_downscale_factor"); }
  std::optional<int64_t> reference_temporal_scale_factor() const {
    return factor("reference_temporal_scale_factor");
  }
  /// Name of the HDR transfer ("logc3"); "" if it is no HDR LoRA.
  std::string hdr_transform() const;

 private:
  std::optional<int64_t> factor(std::string_view key) const;
  void check(const std::string& layer, const LoraFactors& factors) const;

  std::string path_;
  bool reference_;
  Metadata metadata_;
  std::shared_ptr<const FileStore> tensors_;
  std::map<std::string, LoraFactors, std::less<>> layers_;
};

/// A LoRA in use. Order in a list is the order of fusion.
struct Lora {
  std::shared_ptr<const LoraFile> file;
  double strength = 1.0;
};

}  // namespace ltx::weights
