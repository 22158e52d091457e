#include <immintrin.h>  // its functions are inlined always: they stay in this file

#define LTX_REGISTER_BYTES 32
#define LTX_ISA avx2
#define LTX_ISA_NAME "avx2"
#define LTX_TABLE kAvx2Rows
#include "formats/cpu/rows.h"
#include "formats/cpu/rows.inl"
