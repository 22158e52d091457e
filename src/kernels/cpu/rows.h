// The CPU twins: each works on rows [begin, end) on the calling thread. One build per instruction set, equal
// bit for bit.
#pragma once
#include "kernels/arguments.h"

namespace ltx::kernels::cpu {

struct Rows {
  const char* name;
  void (*residual_norm)(const ResidualNormArguments&, int64_t begin, int64_t end);
  void (*modulate)(const ModulateArguments&, int64_t begin, int64_t end);
  void (*norm_rope)(const NormRopeArguments&, int64_t begin, int64_t end);
  void (*head_gate)(const HeadGateArguments&, int64_t begin, int64_t end);
  void (*gelu)(const GeluArguments&, int64_t begin, int64_t end);
};

extern const Rows kBaselineRows, kAvx2Rows, kAvx512Rows;

/// Builds that this machine can run, the fastest first; the last is the baseline.
struct Available {
  const Rows* rows[3];
  int count;
};
const Available& available();

/// The fastest.
inline const Rows& rows() {
  return *available().rows[0];
}

}  // namespace ltx::kernels::cpu
