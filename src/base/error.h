// The one exception type of the library: a status and a message that names what was expected, what was found
// and the remedy.
#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>

#include "base/status.h"

namespace ltx {

class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  Status status() const noexcept { return status_; }

 private:
  Status status_;
};

/// Throws Error with a formatted message: one sentence of facts, one of advice.
template <class... Args>
[[noreturn]] void fail(Status status, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(status, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ltx
