// The parts of the group `quantization`, one file per component.
#pragma once
#include "base/error.h"
#include "golden.h"

namespace ltx::golden {

/// What `expect` says about a call that failed: the category of the error's status and those of the expected
/// names that the message has.
nlohmann::json error_value(const Error& error, const nlohmann::json& expect);

void register_quant_codec(Registry&);
void register_quant_linear(Registry&);
void register_quant_checkpoint(Registry&);
void register_quant_lora(Registry&);
void register_quant_calibration(Registry&);
void register_quant_select(Registry&);

}  // namespace ltx::golden
