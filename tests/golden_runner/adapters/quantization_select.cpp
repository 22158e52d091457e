// quant.select
#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_select(Registry&) {}

}  // namespace ltx::golden
