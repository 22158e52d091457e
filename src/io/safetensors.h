// The safetensors container (spec 01 §1): a validated header over a mapped file. Knows bytes, not tensors of a library.
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

/// One tensor of a file: where its bytes lie and what they are said to mean.
struct TensorEntry {
  std::string dtype;           // as spelled in the file: "BF16", "F32", …
  std::vector<int64_t> shape;  // [] is one element
  uint64_t begin = 0, end = 0; // byte offsets within the data section
};

/// An opened file; the header is validated completely on opening, the data are touched only by data().
class Safetensors {
 public:
  /// Throws FileNotFound, FileAccess, FileCorrupt (with the byte offset and the rule), FileFormat.
  explicit Safetensors(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_->path(); }
  const std::map<std::string, TensorEntry, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  const TensorEntry* find(std::string_view name) const;

  /// Bytes of a tensor in the map; not necessarily aligned to its element size.
  std::span<const std::byte> data(const TensorEntry& entry) const;

 private:
  std::shared_ptr<MappedFile> file_;
  std::map<std::string, TensorEntry, std::less<>> tensors_;
  std::map<std::string, std::string, std::less<>> metadata_;
  uint64_t data_begin_ = 0;
};

/// Bits per element of a dtype string, 0 if unknown.
int bits_of(std::string_view dtype);

}  // namespace ltx::io
