#include "formats/cpu/rows.h"

namespace ltx::formats::cpu {

const Available& available() {
  static const Available result = [] {
    Available a{};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      a.rows[a.count++] = &kAvx512Rows;
    }
    if (__builtin_cpu_supports("avx2")) a.rows[a.count++] = &kAvx2Rows;
#endif
    a.rows[a.count++] = &kBaselineRows;
    return a;
  }();
  return result;
}

}  // namespace ltx::formats::cpu
