// What a Linear is made of once its policy has decided.
#pragma once
#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "formats/matrix.h"
#include "weights/store.h"

namespace ltx::quant {

/// How a quantized layer multiplies. Values equal ltx_arithmetic of ltx_c.h.
enum class Arithmetic : int32_t {
  Auto = 0,     // native where the device has it, else dequant
  Native = 1,   // quantized activations, fastest kernel
  Dequant = 2,  // weights dequantized to bf16, activations as they are (route D of spec 08 §19)
  Emulate = 3,  // the exact twin of Native in plain fp32
};

/// The scheme whose arithmetic the layer follows: a format alone does not say how activations are treated.
/// Values equal ltx_quant_policy of ltx_c.h.
enum class Kind : int32_t {
  Auto = 0,
  None = 1,
  Fp8Cast = 10,
  Fp8ScaledMm = 11,
  Fp8Dynamic = 12,
  Fp8WeightOnly = 13,
  Fp8Block128 = 14,
  Mxfp8 = 15,
  Fp6Block128 = 16,
  Nvfp4Cast = 20,
  Nvfp4Prequant = 21,
  Int8 = 30,
  Int8Dynamic = 31,
  Int4 = 40,
  Nf4 = 41,
  Gguf = 50,
};

/// Where the scale of quantized activations comes from. Values equal ltx_act_scale of ltx_c.h.
enum class ActScale : int32_t { Auto = 0, Static = 1, Dynamic = 2, Fixed1 = 3 };

struct LinearParts {
  std::string name;  // full path from the component's root: what observers and messages call the layer
  formats::Matrix weight;
  at::Tensor bias;  // [N] in the compute dtype; fp8-cast: in the weight's fp8 dtype; undefined: none
  Kind kind = Kind::None;
  Arithmetic arithmetic = Arithmetic::Auto;
  ActScale act_scale = ActScale::Auto;  // resolved: Static only with input_scale defined
  at::Tensor input_scale;               // F32 []
  at::Tensor pre_quant_scale;           // [K]
  bool per_row = true;     // fp8: dynamic activation scales per token if the weight's are per row
  bool reference = false;  // [R] of spec 08
  bool fast_accum = true;  // fp8 tensor cores
  /// Told once per layer when native arithmetic turns out to be unavailable while the layer runs; may be
  /// empty.
  std::function<void(const std::string&)> warn;
  std::vector<weights::ScaledFactors> low_rank;  // run-time LoRA: y += strength·alpha·up(down x), in bf16
};

}  // namespace ltx::quant
