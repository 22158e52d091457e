// Chapter 08, one file per component.
#include "quantization.h"

namespace ltx::golden {

void register_quantization(Registry& registry) {
  register_quant_codec(registry);
  register_quant_linear(registry);
  register_quant_checkpoint(registry);
  register_quant_lora(registry);
  register_quant_calibration(registry);
  register_quant_select(registry);
}

}  // namespace ltx::golden
