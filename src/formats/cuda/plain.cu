// Six-bit packing and the rounding with noise.
#include "formats/cuda/kernels.h"
#include "formats/cuda/launch.cuh"
#include "formats/scalar/dither.h"
#include "formats/scalar/fp6.h"

namespace ltx::formats::cuda {
namespace {

struct Pack {
  Fp6PackArguments a;
  __device__ void operator()(int64_t i) const { scalar::pack_fp6(a.codes + 4 * i, a.packed + 3 * i); }
};
struct Unpack {
  Fp6UnpackArguments a;
  __device__ void operator()(int64_t i) const { scalar::unpack_fp6(a.packed + 3 * i, a.codes + 4 * i); }
};
struct Dither {
  DitherArguments a;
  __device__ void operator()(int64_t i) const {
    const auto result =
        a.code == Code::E4m3
            ? scalar::add_with_dither<scalar::E4m3>(a.codes[i], a.delta[i], a.seed, a.first + i)
            : scalar::add_with_dither<scalar::E5m2>(a.codes[i], a.delta[i], a.seed, a.first + i);
    a.out[i] = result.value;
    a.out_codes[i] = result.code;
  }
};

}  // namespace

void fp6_pack(const Fp6PackArguments& a, cudaStream_t stream) {
  each(Pack{a}, a.rows, stream);
}
void fp6_unpack(const Fp6UnpackArguments& a, cudaStream_t stream) {
  each(Unpack{a}, a.rows, stream);
}
void dither(const DitherArguments& a, cudaStream_t stream) {
  each(Dither{a}, a.rows, stream);
}

}  // namespace ltx::formats::cuda
