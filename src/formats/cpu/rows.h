// The CPU twins: each works on rows [begin, end) on the calling thread. One build per instruction set, equal
// bit for bit.
#pragma once
#include "formats/arguments.h"

namespace ltx::formats::cpu {

struct Rows {
  const char* name;
  void (*block_max)(const BlockMaxArguments&, int64_t begin, int64_t end);
  void (*fp8_encode)(const Fp8EncodeArguments&, int64_t begin, int64_t end);
  void (*fp8_quantize)(const Fp8QuantizeArguments&, int64_t begin, int64_t end);
  void (*fp8_decode)(const Fp8DecodeArguments&, int64_t begin, int64_t end);
  void (*nvfp4_encode)(const Nvfp4EncodeArguments&, int64_t begin, int64_t end);
  void (*nvfp4_decode)(const Nvfp4DecodeArguments&, int64_t begin, int64_t end);
  void (*fp6_pack)(const Fp6PackArguments&, int64_t begin, int64_t end);
  void (*fp6_unpack)(const Fp6UnpackArguments&, int64_t begin, int64_t end);
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

// Without a vectorised build.
void scales(const ScaleArguments&, int64_t begin, int64_t end);
void dither(const DitherArguments&, int64_t begin, int64_t end);

}  // namespace ltx::formats::cpu
