#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12's own intrinsics
#endif
#define LTX_REGISTER_BYTES 64
#define LTX_ISA integer_avx512
#define LTX_ISA_NAME "avx512"
#define LTX_TABLE kAvx512IntegerRows
#include "formats/cpu/integer_rows.h"
#include "formats/cpu/integer_rows.inl"
