#include "formats/cpu/integer_rows.h"

namespace ltx::formats::cpu {

const AvailableIntegerRows& available_integer_rows() {
  static const AvailableIntegerRows result = [] {
    AvailableIntegerRows a{};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      a.rows[a.count++] = &kAvx512IntegerRows;
    }
    if (__builtin_cpu_supports("avx2")) a.rows[a.count++] = &kAvx2IntegerRows;
#endif
    a.rows[a.count++] = &kBaselineIntegerRows;
    return a;
  }();
  return result;
}

}  // namespace ltx::formats::cpu
