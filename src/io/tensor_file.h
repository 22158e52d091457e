// A file of named tensors, whatever its container: a validated table over a mapped file. Knows bytes, not
// tensors of a library.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/mapped_file.h"

namespace ltx::io {

enum class Container { Safetensors, Gguf };

/// One tensor of a file: where its bytes lie and what they are said to mean.
struct TensorEntry {
  std::string dtype;            // as the container spells it: "BF16", "F32", "Q4_K" …
  std::vector<int64_t> shape;   // row-major, slowest first, in either container; [] is one element
  uint64_t begin = 0, end = 0;  // byte offsets within the data section
};

/// The header of a file, completely validated.
struct TensorTable {
  std::map<std::string, TensorEntry, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
  uint64_t data_begin = 0;  // offset of the data section in the file
};

/// An opened file; the header is validated completely on opening, the data are touched only by data().
class TensorFile {
 public:
  /// The container is told by the first bytes. Throws FileNotFound, FileAccess, FileCorrupt (with the byte
  /// offset and the rule), FileFormat.
  explicit TensorFile(const std::filesystem::path& path);

  /// The same, shared: while somebody holds the file (same path, size and modification time), its header is
  /// not read again.
  static std::shared_ptr<const TensorFile> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_->path(); }
  Container container() const { return container_; }
  const std::map<std::string, TensorEntry, std::less<>>& tensors() const { return table_.tensors; }
  const std::map<std::string, std::string, std::less<>>& metadata() const { return table_.metadata; }
  const TensorEntry* find(std::string_view name) const;

  /// Bytes of a tensor in the map; not necessarily aligned to its element size.
  std::span<const std::byte> data(const TensorEntry& entry) const;
  /// Takes a tensor's pages out of the process's memory; they may be read again.
  void release(const TensorEntry& entry) const { file_->release(data(entry)); }
  /// The whole file.
  std::span<const std::byte> bytes() const { return file_->bytes(); }

 private:
  std::shared_ptr<MappedFile> file_;
  Container container_ = Container::Safetensors;
  TensorTable table_;
};

}  // namespace ltx::io
