// Work that needs no vectors.
#include "formats/cpu/rows.h"
#include "formats/scalar/dither.h"

namespace ltx::formats::cpu {

void scales(const ScaleArguments& a, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const auto scale = scalar::block_scale(a.rule, static_cast<uint32_t>(a.bits[i]));
    a.scale[i] = scale.scale;
    a.factor[i] = scale.factor;
  }
}

void dither(const DitherArguments& a, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    const auto result =
        a.code == Code::E4m3
            ? scalar::add_with_dither<scalar::E4m3>(a.codes[i], a.delta[i], a.seed, a.first + i)
            : scalar::add_with_dither<scalar::E5m2>(a.codes[i], a.delta[i], a.seed, a.first + i);
    a.out[i] = result.value;
    a.out_codes[i] = result.code;
  }
}

}  // namespace ltx::formats::cpu
