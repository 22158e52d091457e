// The CUDA side of the integer formats: same arguments, on a stream, equal bits.
#pragma once
#include <cuda_runtime_api.h>

#include "formats/integer_arguments.h"

namespace ltx::formats::cuda {

void amax(const integer::AmaxArguments&, cudaStream_t);
void int8_encode(const integer::Int8EncodeArguments&, cudaStream_t);
void int8_decode(const integer::Int8DecodeArguments&, cudaStream_t);
void int4_encode(const integer::Int4EncodeArguments&, cudaStream_t);
void int4_decode(const integer::Int4DecodeArguments&, cudaStream_t);
void nf4_encode(const integer::Nf4EncodeArguments&, cudaStream_t);
void nf4_decode(const integer::Nf4DecodeArguments&, cudaStream_t);
void rotate(const integer::RotateArguments&, cudaStream_t);
void gguf_decode(const integer::GgufDecodeArguments&, cudaStream_t);

}  // namespace ltx::formats::cuda
