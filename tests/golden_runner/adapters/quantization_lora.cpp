// quant.lora
#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_lora(Registry&) {}

}  // namespace ltx::golden
