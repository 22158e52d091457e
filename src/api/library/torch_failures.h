// What LibTorch says through exceptions and warnings, in the library's own terms.
#pragma once
#include <c10/util/Exception.h>

#include "api/backend.h"

namespace ltx::api {

/// An ExceptionTranslator: c10::OutOfMemoryError, errors of CUDA and of the CPU allocator, c10::Error.
bool translate_torch_failure(Failure& failure);

/// While it lives, warnings of this thread become log lines instead of output.
class TorchWarnings final : public Backend::Scope {
 public:
  explicit TorchWarnings(Monitor& monitor) : handler_(monitor), guard_(&handler_) {}

 private:
  class Handler final : public c10::WarningHandler {
   public:
    explicit Handler(Monitor& monitor) : monitor_(monitor) {}
    void process(const c10::Warning& warning) override {
      monitor_.log(LogLevel::Warning, "torch", warning.msg());
    }

   private:
    Monitor& monitor_;
  };

  Handler handler_;
  c10::WarningUtils::WarningHandlerGuard guard_;
};

}  // namespace ltx::api
