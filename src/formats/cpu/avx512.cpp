#include <immintrin.h>  // its functions are inlined always: they stay in this file

#define LTX_REGISTER_BYTES 64
#define LTX_ISA avx512
#define LTX_ISA_NAME "avx512"
#define LTX_TABLE kAvx512Rows
#include "formats/cpu/rows.h"
#include "formats/cpu/rows.inl"
