// The parts of the group `quantization`, one file per component.
#pragma once
#include "golden.h"

namespace ltx::golden {

void register_quant_codec(Registry&);
void register_quant_linear(Registry&);
void register_quant_checkpoint(Registry&);
void register_quant_lora(Registry&);
void register_quant_calibration(Registry&);
void register_quant_select(Registry&);

}  // namespace ltx::golden
