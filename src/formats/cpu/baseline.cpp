#define LTX_REGISTER_BYTES 16
#define LTX_ISA baseline
#define LTX_ISA_NAME "baseline"
#define LTX_TABLE kBaselineRows
#include "formats/cpu/rows.h"
#include "formats/cpu/rows.inl"
