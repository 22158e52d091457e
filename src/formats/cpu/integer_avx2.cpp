#define LTX_REGISTER_BYTES 32
#define LTX_ISA integer_avx2
#define LTX_ISA_NAME "avx2"
#define LTX_TABLE kAvx2IntegerRows
#include "formats/cpu/integer_rows.h"
#include "formats/cpu/integer_rows.inl"
