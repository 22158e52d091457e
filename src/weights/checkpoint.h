// Opened checkpoint files: their metadata, and one view per component under the names that the networks use.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weights/component.h"
#include "weights/file_kind.h"
#include "weights/metadata.h"
#include "weights/stored_layers.h"
#include "weights/view.h"

namespace ltx::weights {

/// A component ready to be built: its tensors, and the part of the configuration that describes it.
struct Part {
  View view;
  nlohmann::json config;  // the component's section (config_section), null where the files carry none
  std::string file;       // path, for messages
};

/// One file, or an ordered list of which later files overwrite and the first gives the metadata (spec 01
/// §1.4).
class Checkpoint {
 public:
  explicit Checkpoint(const std::vector<std::filesystem::path>& paths, const StoredOverrides& overrides = {});
  explicit Checkpoint(const std::filesystem::path& path, const StoredOverrides& overrides = {})
      : Checkpoint(std::vector{path}, overrides) {}

  const Metadata& metadata() const { return metadata_; }
  FileKind kind() const { return kind_; }  // of the first file
  std::filesystem::path path() const;      // of the first file
  const std::vector<std::shared_ptr<const io::TensorFile>>& files() const { return files_; }

  /// True if the files hold the tensors that make the component more than a fragment.
  bool has(Component component) const;

  /// Quantized layers are behind a QuantizedStore, a GGUF file's behind a GgufStore; other files are read as
  /// they are. `config`: the component's section where the files carry none. Throws ComponentMissing if the
  /// files hold no tensor of it, Quant, TensorMismatch or TensorMissing for layers whose storage makes no
  /// sense (spec 08 §23).
  Part open(Component component, const nlohmann::json& config = {}) const;

  /// The weights of all tensors in the files, whatever component they belong to, named from the root of the
  /// transformer.
  std::shared_ptr<const StoredLayers> layers() const;

  /// Things worth a log line: overwritten tensors, F16 weights, scales that nothing uses.
  std::vector<std::string> warnings(Component component) const;

 private:
  using Naming = std::function<Rename(const io::TensorFile&)>;
  static Naming naming(Component component);
  std::shared_ptr<const FileStore> store(Component component) const;
  std::shared_ptr<const StoredLayers> layers(const Naming& naming, const nlohmann::json& transformer) const;
  StoredHints hints(const Naming& naming, const nlohmann::json& transformer) const;

  std::vector<std::shared_ptr<const io::TensorFile>> files_;
  Metadata metadata_;
  FileKind kind_ = FileKind::Unknown;
  StoredOverrides overrides_;
};

/// The dtype that a component's floating tensors are cast to in a bf16 run: undefined for the transformer,
/// whose tensors keep their stored dtype, bf16 for all others (spec 01 §3.4).
std::optional<at::ScalarType> load_dtype(Component component);

/// fp64, fp32, fp16 and bf16 become `target`, except 0-dim fp32 (a scale); other dtypes stay (spec 01 §3.4).
at::Tensor cast_for_load(const at::Tensor& tensor, std::optional<at::ScalarType> target);

}  // namespace ltx::weights
