#include "formats/cpu/rows.h"
#include "kernels/cpu/instruction_set.h"

namespace ltx::formats::cpu {

const Available& available() {
  static const Available result = [] {
    Available a{};
#if defined(__x86_64__)
    if (kernels::cpu::runs_avx512()) a.rows[a.count++] = &kAvx512Rows;
    if (kernels::cpu::runs_avx2()) a.rows[a.count++] = &kAvx2Rows;
#endif
    a.rows[a.count++] = &kBaselineRows;
    return a;
  }();
  return result;
}

}  // namespace ltx::formats::cpu
