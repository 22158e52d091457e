// A file that appears complete under its name or not at all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace ltx::io {

/// Written under a temporary name in the target's own folder and renamed by commit(). Without a commit the
/// destructor removes the temporary file and the folders that the constructor made. Throws FileAccess or
/// DiskFull; a write beyond the process's file size limit is DiskFull too, and the process does not see
/// SIGXFSZ.
class AtomicFile {
 public:
  /// Creates missing parent folders and the temporary file.
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const std::filesystem::path& temporary() const { return temporary_; }
  uint64_t position() const { return position_; }
  uint64_t size() const { return size_; }

  /// Writes all bytes at the current position and advances it.
  void write(std::span<const std::byte> bytes);
  /// Moves the position; beyond the end is allowed and leaves a hole.
  void seek(uint64_t position) { position_ = position; }
  /// Reads back at the current position and advances it; fewer bytes only at the end.
  size_t read(std::span<std::byte> bytes);
  /// Flushes to the device and renames over whatever was there. Nothing may be written afterwards.
  void commit();

  /// Throws what a later write to `target` would throw for its folder; leaves nothing behind.
  static void probe(const std::filesystem::path& target) { AtomicFile file(target); }

 private:
  void make_folders();
  void discard() noexcept;

  std::filesystem::path target_, temporary_;
  std::vector<std::filesystem::path> made_folders_;  // outermost first
  int descriptor_ = -1;
  uint64_t position_ = 0, size_ = 0;
};

}  // namespace ltx::io
