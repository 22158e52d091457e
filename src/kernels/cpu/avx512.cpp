#define LTX_REGISTER_BYTES 64
#define LTX_ISA avx512
#define LTX_ISA_NAME "avx512"
#define LTX_TABLE kAvx512Rows
#include "kernels/cpu/rows.h"
#include "kernels/cpu/rows.inl"
