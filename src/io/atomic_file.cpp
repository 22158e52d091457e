#include "io/atomic_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/error.h"

namespace ltx::io {
namespace {

namespace fs = std::filesystem;

/// Keeps SIGXFSZ from the process while this thread writes: the limit then shows as EFBIG, and a library must
/// neither kill its host nor touch its signal handlers. The signal of a synchronous write is pending for this
/// thread only and is taken back.
class FileSizeSignal {
 public:
  FileSizeSignal() {
    sigset_t pending;
    sigemptyset(&set_);
    sigaddset(&set_, SIGXFSZ);
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~FileSizeSignal() {
    const int error = errno;
    const timespec now{};
    if (!was_pending_ && hit_) sigtimedwait(&set_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  void hit() { hit_ = true; }

 private:
  sigset_t set_, before_;
  bool was_pending_ = false, hit_ = false;
};

[[noreturn]] void fail_system(const fs::path& path, const char* operation, int error) {
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    fail(Status::DiskFull, "{}: cannot {}: {}. Free some space, raise the limit or choose another folder.",
         path.string(), operation, std::strerror(error));
  fail(Status::FileAccess, "{}: cannot {}: {}. Choose a folder in which this process may create files.",
       path.string(), operation, std::strerror(error));
}

/// Unique within the machine's running processes; short, so that it fits wherever the target's own name fits.
std::string temporary_name() {
  static std::atomic<uint32_t> counter{0};
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return fmt::format(".ltx-{:x}-{:x}-{:x}.tmp", getpid(), now.tv_nsec, counter.fetch_add(1));
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& target) : target_(target) {
  if (target_.filename().empty() || target_.filename() == "." || target_.filename() == "..")
    fail(Status::InvalidArgument, "'{}' names no file. Give a path that ends in a file name.",
         target_.string());
  std::error_code error;
  target_ = fs::absolute(target_);  // the working directory may change before commit()
  const auto status = fs::status(target_, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    fail(Status::FileAccess, "{}: exists and is {}. Give the name of a file.", target_.string(),
         fs::is_directory(status) ? "a folder" : "not a regular file");
  // A link is followed, so that the file it names is replaced and not the link.
  if (fs::is_symlink(fs::symlink_status(target_, error)) && fs::exists(status))
    target_ = fs::canonical(target_, error);
  try {
    make_folders();
    for (int attempt = 0; descriptor_ < 0; ++attempt) {
      temporary_ = target_.parent_path() / temporary_name();
      descriptor_ = open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor_ < 0 && (errno != EEXIST || attempt == 100)) {
        const int code = errno;
        temporary_.clear();
        fail_system(target_, "create a file in its folder", code);
      }
    }
  } catch (...) {
    discard();
    throw;
  }
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::make_folders() {
  std::vector<fs::path> missing;  // innermost first
  for (auto folder = target_.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    struct stat info;
    if (stat(folder.c_str(), &info) == 0) {
      if (!S_ISDIR(info.st_mode))
        fail_system(target_, fmt::format("use {}", folder.string()).c_str(), ENOTDIR);
      break;
    }
    if (errno != ENOENT) fail_system(target_, fmt::format("use {}", folder.string()).c_str(), errno);
    missing.push_back(folder);
    if (folder == folder.parent_path()) break;
  }
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    if (mkdir(folder->c_str(), 0777) == 0)
      made_folders_.push_back(*folder);
    else if (errno != EEXIST)
      fail_system(target_, fmt::format("create the folder {}", folder->string()).c_str(), errno);
  }
}

void AtomicFile::discard() noexcept {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) unlink(temporary_.c_str());
  temporary_.clear();
  // Folders that somebody else has used meanwhile are not empty and stay.
  for (auto folder = made_folders_.rbegin(); folder != made_folders_.rend(); ++folder) rmdir(folder->c_str());
  made_folders_.clear();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  FileSizeSignal signal;
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position_));
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      if (error == EFBIG) signal.hit();
      fail_system(target_, fmt::format("write {} bytes at byte {}", bytes.size(), position_).c_str(), error);
    }
    position_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
    size_ = std::max(size_, position_);
  }
}

size_t AtomicFile::read(std::span<std::byte> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        pread(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(position_));
    if (count < 0) {
      if (errno == EINTR) continue;
      fail_system(target_, "read back", errno);
    }
    if (count == 0) break;
    done += static_cast<size_t>(count);
    position_ += static_cast<uint64_t>(count);
  }
  return done;
}

void AtomicFile::commit() {
  if (fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) fail_system(target_, "flush", errno);
  const int descriptor = std::exchange(descriptor_, -1);
  if (close(descriptor) != 0 && errno != EINTR) fail_system(target_, "close", errno);
  if (rename(temporary_.c_str(), target_.c_str()) != 0)
    fail_system(target_, "rename the finished file", errno);
  temporary_.clear();
  made_folders_.clear();
}

}  // namespace ltx::io
