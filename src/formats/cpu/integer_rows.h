// The CPU side of the integer formats: each works on rows [begin, end) on the calling thread. One build per
// instruction set, equal bit for bit.
#pragma once
#include "formats/integer_arguments.h"

namespace ltx::formats::cpu {

struct IntegerRows {
  const char* name;
  void (*amax)(const integer::AmaxArguments&, int64_t begin, int64_t end);
  void (*int8_encode)(const integer::Int8EncodeArguments&, int64_t begin, int64_t end);
  void (*int8_decode)(const integer::Int8DecodeArguments&, int64_t begin, int64_t end);
  void (*int4_encode)(const integer::Int4EncodeArguments&, int64_t begin, int64_t end);
  void (*int4_decode)(const integer::Int4DecodeArguments&, int64_t begin, int64_t end);
  void (*nf4_encode)(const integer::Nf4EncodeArguments&, int64_t begin, int64_t end);
  void (*nf4_decode)(const integer::Nf4DecodeArguments&, int64_t begin, int64_t end);
  void (*rotate)(const integer::RotateArguments&, int64_t begin, int64_t end);
  void (*gguf_decode)(const integer::GgufDecodeArguments&, int64_t begin, int64_t end);
};

extern const IntegerRows kBaselineIntegerRows, kAvx2IntegerRows, kAvx512IntegerRows;

/// Builds that this machine can run, the fastest first; the last is the baseline.
struct AvailableIntegerRows {
  const IntegerRows* rows[3];
  int count;
};
const AvailableIntegerRows& available_integer_rows();

}  // namespace ltx::formats::cpu
