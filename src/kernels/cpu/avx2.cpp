#define LTX_REGISTER_BYTES 32
#define LTX_ISA avx2
#define LTX_ISA_NAME "avx2"
#define LTX_TABLE kAvx2Rows
#include "kernels/cpu/rows.h"
#include "kernels/cpu/rows.inl"
