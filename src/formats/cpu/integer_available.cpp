#include "formats/cpu/integer_rows.h"
#include "kernels/cpu/instruction_set.h"

namespace ltx::formats::cpu {

const AvailableIntegerRows& available_integer_rows() {
  static const AvailableIntegerRows result = [] {
    AvailableIntegerRows a{};
#if defined(__x86_64__)
    if (kernels::cpu::runs_avx512()) a.rows[a.count++] = &kAvx512IntegerRows;
    if (kernels::cpu::runs_avx2()) a.rows[a.count++] = &kAvx2IntegerRows;
#endif
    a.rows[a.count++] = &kBaselineIntegerRows;
    return a;
  }();
  return result;
}

}  // namespace ltx::formats::cpu
