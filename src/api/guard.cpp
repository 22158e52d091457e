#include "api/guard.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>

#include "api/threads.h"
#include "base/error.h"

namespace ltx::api {
namespace {

// A fixed buffer: reporting that memory is short needs no memory, and a thread that ends has nothing to
// destroy.
constexpr size_t kMessageSize = 4096;
thread_local char g_last_error[kMessageSize];

std::atomic<ExceptionTranslator> g_translator{nullptr};

}  // namespace

void clear_last_error() noexcept {
  g_last_error[0] = '\0';
}

void enter() noexcept {
  clear_last_error();
  watch_exit();
}

void set_last_error(std::string_view message) noexcept {
  size_t size = message.size();
  if (size >= kMessageSize) {
    size = kMessageSize - 1;
    while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xC0u) == 0x80u)
      --size;  // whole characters
  }
  std::memcpy(g_last_error, message.data(), size);
  g_last_error[size] = '\0';
}

const char* last_error() noexcept {
  return g_last_error;
}

void set_exception_translator(ExceptionTranslator translator) noexcept {
  g_translator.store(translator);
}

Failure current_failure() noexcept {
  try {
    try {
      throw;
    } catch (const Error& error) {
      return {error.status(), error.what()};
    } catch (const std::bad_alloc&) {
      return {Status::OutOfHostMemory,
              "the host has no memory left for this call. Ask for a smaller clip, or free other pipelines "
              "and results."};
    } catch (...) {
      Failure failure;
      const ExceptionTranslator translator = g_translator.load();
      if (translator != nullptr && translator(failure)) return failure;
    }
    try {
      throw;
    } catch (const std::system_error& error) {
      if (error.code() == std::errc::resource_unavailable_try_again)
        return {Status::OutOfHostMemory,
                fmt::format("the system refused a thread: {}. Close other programs or raise the limit.",
                            error.what())};
      throw;
    }
  } catch (const std::bad_alloc&) {
    return {Status::OutOfHostMemory, {}};
  } catch (const std::exception& error) {
    try {
      return {Status::Internal,
              fmt::format("unexpected error in libltx {}.{}.{}: {}. Please report it with this text.",
                          LTX_VERSION_MAJOR, LTX_VERSION_MINOR, LTX_VERSION_PATCH, error.what())};
    } catch (...) {
      return {Status::Internal, {}};
    }
  } catch (...) {
    return {Status::Internal, "unknown exception"};
  }
}

}  // namespace ltx::api
