#include "media/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace ltx::media {

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  // Not blocking: opening a pipe that nobody writes to would otherwise wait for ever.
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR)
      fail(Status::FileNotFound, "{}: no such file. Check the path.", path.string());
    fail(Status::FileAccess, "{}: cannot open: {}. Check the permissions.", path.string(),
         std::strerror(error));
  }
  struct stat info {};
  const bool known = fstat(descriptor_, &info) == 0;
  if (!known || !S_ISREG(info.st_mode) || info.st_size == 0) {
    close(descriptor_);
    fail(Status::FileFormat, "{}: {}. Give an image, video or audio file.", path.string(),
         known && S_ISREG(info.st_mode) ? "the file is empty" : "not a regular file");
  }
  size_ = static_cast<uint64_t>(info.st_size);
}

InputFile::~InputFile() {
  close(descriptor_);
}

size_t InputFile::read(std::span<std::byte> bytes) {
  for (;;) {
    const ssize_t count = pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position_));
    if (count >= 0) {
      position_ += static_cast<uint64_t>(count);
      return static_cast<size_t>(count);
    }
    if (errno != EINTR)
      fail(Status::FileAccess, "{}: cannot read at byte {}: {}. Check the disk.", path_.string(), position_,
           std::strerror(errno));
  }
}

}  // namespace ltx::media
