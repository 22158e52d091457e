// The one wall around the library: no exception leaves it. A failure becomes a status and the calling
// thread's last message.
#pragma once
#include <string>
#include <string_view>

#include "base/status.h"
#include "ltx_c.h"

namespace ltx::api {

void clear_last_error() noexcept;
/// What every exported function does first.
void enter() noexcept;
void set_last_error(std::string_view message) noexcept;
const char* last_error() noexcept;

struct Failure {
  Status status = Status::Ok;
  std::string message;
};

/// Status and message of the exception being handled. Called in a catch block.
Failure current_failure() noexcept;

/// Teaches current_failure() the exceptions of a library that this room does not know. Called inside a catch
/// block: rethrows, and returns true if it recognised the exception.
using ExceptionTranslator = bool (*)(Failure& failure);
void set_exception_translator(ExceptionTranslator translator) noexcept;

/// Runs the body of an exported function.
template <class Body>
ltx_status guard(Body&& body) noexcept {
  enter();
  try {
    body();
    return LTX_OK;
  } catch (...) {
    const Failure failure = current_failure();
    set_last_error(failure.message);
    return static_cast<ltx_status>(failure.status);
  }
}

}  // namespace ltx::api
