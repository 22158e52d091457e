// quant.linear
#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_linear(Registry&) {}

}  // namespace ltx::golden
