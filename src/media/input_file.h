// A file for reading, as the media module sees it. Read with pread and not mapped: a film may lie on a disk
// that goes away, and a map would then end the host with a signal.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

namespace ltx::media {

class InputFile {
 public:
  /// Throws FileNotFound, FileAccess, FileFormat (not a regular file, or empty).
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }
  uint64_t position() const { return position_; }
  void seek(uint64_t position) { position_ = position; }
  /// Reads at the current position and advances it; 0 at the end. Throws FileAccess.
  size_t read(std::span<std::byte> bytes);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0, position_ = 0;
};

}  // namespace ltx::media
