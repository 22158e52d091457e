#if defined(__SSE2__)
#include <emmintrin.h>  // its functions are inlined always: they stay in this file
#endif

#define LTX_REGISTER_BYTES 16
#define LTX_ISA baseline
#define LTX_ISA_NAME "baseline"
#define LTX_TABLE kBaselineRows
#include "formats/cpu/rows.h"
#include "formats/cpu/rows.inl"
