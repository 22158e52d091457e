// Which builds of the rows this machine can run: their flags stand in ltx_instruction_sets() of the build.
#pragma once

namespace ltx::kernels::cpu {

inline bool runs_avx2() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

/// F, BW, DQ and VL.
inline bool runs_avx512() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

}  // namespace ltx::kernels::cpu
