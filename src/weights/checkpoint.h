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
  explicit Checkpoint(const std::vector<std::filesystem::path>& paths);
  explicit Checkpoint(const std::filesystem::path& path) : Checkpoint(std::vector{path}) {}

  const Metadata& metadata() const { return metadata_; }
  FileKind kind() const { return kind_; }  // of the first file
  std::filesystem::path path() const;      // of the first file
  const std::vector<std::shared_ptr<const io::TensorFile>>& files() const { return files_; }

  /// True if the files hold the tensors that make the component more than a fragment.
  bool has(Component component) const;

  /// Throws ComponentMissing if the files hold no tensor of it, Quant if its format is not among those that
  /// are read.
  Part open(Component component) const;

  /// Things worth a log line: overwritten tensors, F16 weights.
  std::vector<std::string> warnings(Component component) const;

 private:
  std::shared_ptr<const FileStore> store(Component component) const;

  std::vector<std::shared_ptr<const io::TensorFile>> files_;
  Metadata metadata_;
  FileKind kind_ = FileKind::Unknown;
};

/// The dtype that a component's floating tensors are cast to in a bf16 run: undefined for the transformer,
/// whose tensors keep their stored dtype, bf16 for all others (spec 01 §3.4).
std::optional<at::ScalarType> load_dtype(Component component);

/// fp64, fp32, fp16 and bf16 become `target`, except 0-dim fp32 (a scale); other dtypes stay (spec 01 §3.4).
at::Tensor cast_for_load(const at::Tensor& tensor, std::optional<at::ScalarType> target);

/// The view over a store; throws Quant if a layer is stored in a quantized format, naming it and the layer.
View unquantized_view(std::shared_ptr<const Store> store);

}  // namespace ltx::weights
