// A read-only memory map of a file.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace ltx::io {

class MappedFile {
 public:
  /// Throws FileNotFound, FileAccess or FileFormat (not a regular file).
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace ltx::io
