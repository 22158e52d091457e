// quant.codec
#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_codec(Registry&) {}

}  // namespace ltx::golden
