// Where tensors come from, under the names that the networks use.
#pragma once
#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/matrix.h"

namespace ltx::io {
class TensorFile;
}

namespace ltx::weights {

class StoredLayers;

/// Shape and stored dtype of a tensor, known without reading it.
struct TensorInfo {
  std::vector<int64_t> shape;
  std::string dtype;   // as spelled by the file: "BF16", "F32", …
  std::string source;  // file and full name in it, for messages
  /// A layer's weight that is stored in a number format: `shape` is then the logical [N, K] and `dtype` the
  /// dtype that `read` dequantizes to.
  formats::Format format = formats::Format::Unquantized;
  /// What the file holds for it, scales included, where shape and dtype do not say it; else 0.
  uint64_t bytes = 0;
  std::string key = {};  // full name in the file
  bool gguf = false;     // `dtype` is a type of that container, where some names mean other things
};

/// A layer's weight as a file stores it, with what the file says about the layer's activations.
struct StoredMatrix {
  formats::Matrix matrix;
  at::Tensor input_scale;              // F32 [], decode multiplier of the activation; undefined: none stored
  at::Tensor pre_quant_scale;          // [K]: x is multiplied by it before quantization; undefined: none
  bool full_precision_matmul = false;  // the file asks for dequantized arithmetic
};

/// scale · up · down, to be added to a weight (a LoRA's update).
struct ScaledFactors {
  at::Tensor up;        // [N, r], as stored
  at::Tensor down;      // [r, K], as stored
  double strength = 1;  // of the LoRA
  double alpha = 1;     // alpha / rank where the file stores an alpha, else 1
};

/// What a layer's weight is made of, for who combines the parts itself.
struct WeightParts {
  at::Tensor values;                   // in the stored dtype; undefined where `stored` has a value
  std::optional<StoredMatrix> stored;  // codes and scales
  std::vector<ScaledFactors> updates;  // in the order of fusion
};

/// A set of named tensors. `read` yields a CPU tensor in the stored dtype, in memory of its own or in the map
/// of the file; nobody writes to it.
class Store {
 public:
  virtual ~Store() = default;
  virtual std::vector<std::string> names() const = 0;
  virtual const TensorInfo* find(std::string_view name) const = 0;
  virtual at::Tensor read(std::string_view name) const = 0;
  /// The parts of the weight `name`; `read` gives their sum in the stored (or dequantized) dtype.
  virtual WeightParts parts(std::string_view name) const { return {read(name), {}, {}}; }
  virtual std::string describe() const = 0;  // "file.safetensors", "memory"
  /// True if `read` may yield the map of a file. Who keeps such a tensor copies it: a file that is replaced
  /// or shortened must not reach a loaded network.
  virtual bool is_mapped(std::string_view /*name*/) const { return false; }
  /// Says that what was read has been copied: pages of a file then need not stay in the process's memory.
  virtual void release(std::string_view /*name*/) const {}
  /// How the files store each layer (stored_layers.h); nullptr: every tensor is read as it is stored.
  virtual const StoredLayers* stored_layers() const { return nullptr; }
};

/// Tensors held by the caller: tests, training.
class MemoryStore : public Store {
 public:
  explicit MemoryStore(std::map<std::string, at::Tensor> tensors);
  std::vector<std::string> names() const override;
  const TensorInfo* find(std::string_view name) const override;
  at::Tensor read(std::string_view name) const override;
  std::string describe() const override { return "memory"; }

 private:
  std::map<std::string, at::Tensor, std::less<>> tensors_;
  std::map<std::string, TensorInfo, std::less<>> infos_;
};

/// Translates a name of a file into the name that a network uses; empty: not part of the component.
using Rename = std::function<std::string(std::string_view)>;

/// One component's tensors in one or more safetensors files (spec 01 §1.4: later files overwrite).
class FileStore : public Store {
 public:
  explicit FileStore(const std::vector<std::string>& paths, const Rename& rename = {});
  /// `names_in` gives each file its own rule.
  FileStore(std::vector<std::shared_ptr<const io::TensorFile>> files,
            const std::function<Rename(const io::TensorFile&)>& names_in);
  std::vector<std::string> names() const override;
  const TensorInfo* find(std::string_view name) const override;
  at::Tensor read(std::string_view name) const override;
  /// The bytes of a tensor as the file has them, U8 [bytes], whatever its dtype.
  at::Tensor bytes(std::string_view name) const;
  std::string describe() const override;
  bool is_mapped(std::string_view) const override { return true; }
  void release(std::string_view name) const override;
  /// Names that more than one file has, or that two names of one file become.
  const std::vector<std::string>& overwritten() const;
  /// Metadata of the first file.
  const std::map<std::string, std::string, std::less<>>& metadata() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// The tensor library's dtype for a safetensors dtype string; throws Error(FileFormat) if it has none.
at::ScalarType scalar_type_of(std::string_view dtype, std::string_view source);

/// The reverse; throws Error(InvalidArgument) for a dtype that a file cannot hold.
std::string dtype_name(at::ScalarType type);

/// Writes tensors of any device to a safetensors file, which appears complete or not at all.
void save_tensors(const std::string& path, const std::map<std::string, at::Tensor>& tensors,
                  const std::map<std::string, std::string>& metadata = {});

}  // namespace ltx::weights
