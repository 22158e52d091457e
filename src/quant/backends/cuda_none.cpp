#include "quant/backends/back_end.h"

namespace ltx::quant {

BackEndPtr make_cublaslt(const LinearParts&) {
  return nullptr;
}

}  // namespace ltx::quant
