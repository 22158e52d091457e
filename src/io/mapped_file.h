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

  /// Takes the whole pages of a range out of the process's memory. They may be read again, from the file.
  void release(std::span<const std::byte> range) const;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Tells the system that memory, which may be the map of a file, will be read soon.
void prefetch(std::span<const std::byte> range);

}  // namespace ltx::io
