// quant.checkpoint
#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_checkpoint(Registry&) {}

}  // namespace ltx::golden
