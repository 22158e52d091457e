#include "weights/gguf_store.h"

#include "base/error.h"
#include "formats/gguf.h"
#include "io/gguf.h"
#include "weights/component.h"

namespace ltx::weights {
namespace {

std::string known_types() {
  std::string names;
  for (const auto& type : formats::gguf_types())
    names += (names.empty() ? "" : ", ") + std::string(type.name);
  return names;
}

}  // namespace

void check_gguf_architecture(const io::TensorFile& file) {
  const auto found = file.metadata().find("general.architecture");
  const std::string architecture = found == file.metadata().end() ? "" : found->second;
  if (architecture == "ltxv") return;
  const bool silent = architecture.empty() || architecture == "pig" || architecture == "cow";
  if (!silent)
    fail(Status::FileFormat,
         "'{}': expected general.architecture 'ltxv', found '{}'. Use a GGUF file of an LTX-2 transformer.",
         file.path().string(), architecture);
  if (!transformer_prefix(file).found)
    fail(Status::FileFormat,
         "'{}': expected general.architecture 'ltxv' or the tensors of an LTX-2 transformer, found {} and {} "
         "other "
         "tensors. Use a GGUF file of an LTX-2 transformer.",
         file.path().string(), architecture.empty() ? "no architecture" : "'" + architecture + "'",
         file.tensors().size());
}

GgufStore::GgufStore(std::shared_ptr<const FileStore> base) : base_(std::move(base)) {
  for (const auto& name : base_->names()) {
    const auto& info = *base_->find(name);
    if (!info.gguf) continue;  // of a safetensors file beside it
    const auto* container = io::gguf_type_named(info.dtype);
    const auto* type = container ? formats::gguf_type(container->id) : nullptr;
    if (!type)
      fail(Status::Quant, "{} has the GGUF type '{}', which is not read. Use a file with the types {}.",
           info.source, info.dtype, known_types());
    if (type->format == formats::Format::Unquantized) continue;

    int64_t elements = 1;
    for (const auto extent : info.shape) elements *= extent;
    const int64_t columns = info.shape.empty() ? 1 : info.shape.back();
    const bool whole_rows = columns > 0 && columns % type->block_elements == 0;
    Blocks blocks{info, type->format, whole_rows ? elements / columns : 1, whole_rows ? columns : elements};
    blocks.info.dtype = "BF16";
    blocks.info.bytes = static_cast<uint64_t>(elements / type->block_elements * type->block_bytes);
    if (whole_rows && info.shape.size() == 2 && name.ends_with(".weight")) blocks.info.format = type->format;
    blocks_.emplace(name, std::move(blocks));
  }
}

const TensorInfo* GgufStore::find(std::string_view name) const {
  const auto found = blocks_.find(name);
  return found == blocks_.end() ? base_->find(name) : &found->second.info;
}

formats::Matrix GgufStore::matrix(std::string_view name, const Blocks& blocks) const {
  formats::Matrix matrix;
  matrix.format = blocks.format;
  matrix.rows = blocks.rows;
  matrix.columns = blocks.columns;
  const auto& type = formats::gguf_type(blocks.format);
  matrix.codes = base_->bytes(name).view({blocks.rows, formats::gguf_row_bytes(type, blocks.columns)});
  return matrix;
}

at::Tensor GgufStore::read(std::string_view name) const {
  const auto found = blocks_.find(name);
  if (found == blocks_.end()) return base_->read(name);
  const auto& blocks = found->second;
  if (blocks.info.bytes == 0) return at::empty(blocks.info.shape, at::kBFloat16);
  return formats::decode_gguf(matrix(name, blocks), at::kBFloat16).view(blocks.info.shape);
}

WeightParts GgufStore::parts(std::string_view name) const {
  const auto found = blocks_.find(name);
  if (found == blocks_.end() || found->second.info.format == formats::Format::Unquantized)
    return {read(name), {}, {}};
  StoredMatrix stored;
  stored.matrix = matrix(name, found->second);
  return {{}, std::move(stored), {}};
}

}  // namespace ltx::weights
