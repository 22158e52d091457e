// The CUDA twins: same arguments, on a stream.
#pragma once
#include <cuda_runtime_api.h>

#include "formats/arguments.h"

namespace ltx::formats::cuda {

void block_max(const BlockMaxArguments&, cudaStream_t);
void scales(const ScaleArguments&, cudaStream_t);
void fp8_encode(const Fp8EncodeArguments&, cudaStream_t);
void fp8_quantize(const Fp8QuantizeArguments&, cudaStream_t);
void fp8_decode(const Fp8DecodeArguments&, cudaStream_t);
void nvfp4_encode(const Nvfp4EncodeArguments&, cudaStream_t);
void nvfp4_decode(const Nvfp4DecodeArguments&, cudaStream_t);
void fp6_pack(const Fp6PackArguments&, cudaStream_t);
void fp6_unpack(const Fp6UnpackArguments&, cudaStream_t);
void dither(const DitherArguments&, cudaStream_t);

}  // namespace ltx::formats::cuda
