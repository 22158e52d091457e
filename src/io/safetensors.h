// The safetensors container (spec 01 §1): a validated header over a mapped file. Knows bytes, not tensors of
// a library.
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
  std::string dtype;            // as spelled in the file: "BF16", "F32", …
  std::vector<int64_t> shape;   // [] is one element
  uint64_t begin = 0, end = 0;  // byte offsets within the data section
};

/// The header of a file, completely validated.
struct SafetensorsHeader {
  std::map<std::string, TensorEntry, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;
  uint64_t data_begin = 0;  // offset of the data section in the file
};

/// Reads and validates the header of a file held in memory; `path` is for messages only.
/// Throws FileCorrupt (byte offset, rule, expected, found) or FileFormat (another container).
SafetensorsHeader read_safetensors_header(std::span<const std::byte> file, const std::string& path);

/// An opened file; the header is validated completely on opening, the data are touched only by data().
class Safetensors {
 public:
  /// Throws FileNotFound, FileAccess, FileCorrupt (with the byte offset and the rule), FileFormat.
  explicit Safetensors(const std::filesystem::path& path);

  /// The same, shared: while somebody holds the file (same path, size and modification time), its header is
  /// not read again.
  static std::shared_ptr<const Safetensors> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_->path(); }
  const std::map<std::string, TensorEntry, std::less<>>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string, std::less<>>& metadata() const { return header_.metadata; }
  const TensorEntry* find(std::string_view name) const;

  /// Bytes of a tensor in the map; not necessarily aligned to its element size.
  std::span<const std::byte> data(const TensorEntry& entry) const;
  /// Takes a tensor's pages out of the process's memory; they may be read again.
  void release(const TensorEntry& entry) const { file_->release(data(entry)); }

 private:
  std::shared_ptr<MappedFile> file_;
  SafetensorsHeader header_;
};

/// Bits per element of a dtype string, 0 if unknown.
int bits_of(std::string_view dtype);

}  // namespace ltx::io
