#include "base/monitor.h"

#include "base/error.h"

namespace ltx {

void Monitor::checkpoint() const {
  if (cancelled()) fail(Status::Cancelled, "cancelled by the caller");
}

Monitor& Monitor::silent() {
  static Monitor monitor;
  return monitor;
}

}  // namespace ltx
