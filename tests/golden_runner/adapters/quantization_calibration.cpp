// quant.calibration
#include "golden.h"
#include "quantization.h"

namespace ltx::golden {

void register_quant_calibration(Registry&) {}

}  // namespace ltx::golden
