#include "quant/backends/back_end.h"

namespace ltx::quant {
BackEndPtr make_cpu_int8(const LinearParts&) { return nullptr; }
}  // namespace ltx::quant
