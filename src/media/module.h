// Finds, opens and calls the private FFmpeg module. Internal to the room.
#pragma once
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "io/atomic_file.h"
#include "media/input_file.h"
#include "media/module_api.h"

namespace ltx::media {

/// The module's functions; opened at the first call and kept. Searched in this order: the file named by the
/// environment variable LTX_MEDIA_MODULE, the folder of the library that holds this code; within the build
/// tree also the folder where the module is built. Throws NotBuilt with what was tried.
const ltx_media_table& module();

/// "libavcodec 59.37.100, …", or empty where there is no module; for build information.
std::string module_libraries();

/// A file behind the module's callbacks. An exception inside a callback is kept, and thrown by call() instead
/// of the module's own view of the failure.
class FileDoor {
 public:
  explicit FileDoor(InputFile& file) : input_(&file), path_(file.path()) { connect(); }
  explicit FileDoor(io::AtomicFile& file) : output_(&file), path_(file.target()) { connect(); }
  FileDoor(const FileDoor&) = delete;
  FileDoor& operator=(const FileDoor&) = delete;

  const ltx_media_file* callbacks() const { return &callbacks_; }

  /// Calls a function of the table with an error to fill; returns true, or false for LTX_MEDIA_END. Throws
  /// everything else with the path in front.
  template <class Function, class... Args>
  bool call(Function function, Args... args) {
    ltx_media_error error{};
    return finish(function(args..., &error), error);
  }

 private:
  void connect();
  bool finish(int32_t code, const ltx_media_error& error);

  template <class Body>
  int64_t guarded(Body body) noexcept;
  static int64_t read(void* self, uint8_t* data, int64_t size);
  static int64_t write(void* self, const uint8_t* data, int64_t size);
  static int64_t seek(void* self, int64_t position);
  static int64_t size(void* self);

  InputFile* input_ = nullptr;
  io::AtomicFile* output_ = nullptr;
  std::filesystem::path path_;
  std::exception_ptr failure_;
  ltx_media_file callbacks_{};
};

/// FileFormat: a readable file without a stream of the wanted kind, which a caller may want to tell from the
/// rest.
struct NoStream : Error {
  using Error::Error;
};

/// Throws what a module function's code means; `subject` is the path or the operation.
[[noreturn]] void fail_media(int32_t code, std::string_view subject, std::string_view message);

}  // namespace ltx::media
