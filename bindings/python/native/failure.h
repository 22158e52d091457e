// A status other than LTX_OK on its way to a Python exception, and calls that run without the interpreter's
// lock.
#pragma once
#include <pybind11/pybind11.h>

#include <string>
#include <utility>

#include "lock.h"
#include "ltx_c.h"

namespace pyltx {

namespace py = pybind11;

struct Failure {
  ltx_status status;
  std::string message;
};

/// Calls the library without the lock. Throws Failure with the thread's message.
template <class F>
void call(F&& function) {
  ltx_status status;
  std::string message;
  {
    const Unlocked unlocked;
    status = function();
    if (status != LTX_OK) message = ltx_last_error();
  }
  if (status != LTX_OK) throw Failure{status, std::move(message)};
}

}  // namespace pyltx
