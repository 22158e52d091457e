#define LTX_REGISTER_BYTES 16
#define LTX_ISA integer_baseline
#define LTX_ISA_NAME "baseline"
#define LTX_TABLE kBaselineIntegerRows
#include "formats/cpu/integer_rows.h"
#include "formats/cpu/integer_rows.inl"
