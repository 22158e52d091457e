#include "kernels/cpu/instruction_set.h"
#include "kernels/cpu/rows.h"

namespace ltx::kernels::cpu {

const Available& available() {
  static const Available result = [] {
    Available a{};
#if defined(__x86_64__)
    if (runs_avx512()) a.rows[a.count++] = &kAvx512Rows;
    if (runs_avx2()) a.rows[a.count++] = &kAvx2Rows;
#endif
    a.rows[a.count++] = &kBaselineRows;
    return a;
  }();
  return result;
}

}  // namespace ltx::kernels::cpu
