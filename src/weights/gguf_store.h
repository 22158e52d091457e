// Tensors of GGUF files (spec 08 §14): blocks behind the names and shapes that the networks use.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "io/tensor_file.h"
#include "weights/store.h"

namespace ltx::weights {

/// Throws FileFormat if the file says that it holds another model: `general.architecture` is `ltxv`; without
/// the entry, or with what some writers put there (`pig`, `cow`), the tensor names decide.
void check_gguf_architecture(const io::TensorFile& file);

/// A weight [N, K] whose rows are whole blocks keeps its codes (`parts`), every other tensor of blocks is
/// dequantized to BF16 when it is read. Plain tensors pass as they are.
class GgufStore : public Store {
 public:
  /// Throws Quant naming tensor and type if the base has a tensor of a type that is not read.
  explicit GgufStore(std::shared_ptr<const FileStore> base);

  std::vector<std::string> names() const override { return base_->names(); }
  const TensorInfo* find(std::string_view name) const override;
  at::Tensor read(std::string_view name) const override;
  WeightParts parts(std::string_view name) const override;
  std::string describe() const override { return base_->describe(); }
  bool is_mapped(std::string_view name) const override { return base_->is_mapped(name); }
  void release(std::string_view name) const override { base_->release(name); }

 private:
  struct Blocks {
    TensorInfo info;
    formats::Format format;
    int64_t rows, columns;  // of the codes; a flattened tensor is one row
  };
  formats::Matrix matrix(std::string_view name, const Blocks& blocks) const;

  std::shared_ptr<const FileStore> base_;
  std::map<std::string, Blocks, std::less<>> blocks_;
};

}  // namespace ltx::weights
