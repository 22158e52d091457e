// quant.codec: the floating formats.
#include "formats/activations.h"
#include "formats/dither.h"
#include "formats/e2m1.h"
#include "formats/e8m0.h"
#include "formats/float8.h"
#include "formats/fp6.h"
#include "formats/matrix.h"
#include "formats/mxfp8.h"
#include "formats/nibbles.h"
#include "formats/nvfp4.h"
#include "formats/scale_swizzle.h"
#include "quantization_codec.h"

namespace ltx::golden {
namespace {

using namespace formats;

at::Tensor bytes(const at::Tensor& codes) {
  return codes.view(at::kByte);
}

Results float8(const Case& c, at::ScalarType dtype) {
  Results r;
  for (const auto& [name, overflow] :
       {std::pair{"saturating", Overflow::Saturate}, std::pair{"nonsaturating", Overflow::Cast}}) {
    const auto codes = encode_float8(c.input("x"), dtype, overflow);
    r.tensors[std::string("codes_") + name] = bytes(codes);
    r.tensors[std::string("decoded_") + name] = decode_float8(codes);
  }
  return r;
}

Results tables(const Case&) {
  Results r;
  const auto all = at::arange(256, at::TensorOptions(at::kByte));
  r.tensors["e4m3"] = decode_float8(all.view(at::kFloat8_e4m3fn));
  r.tensors["e5m2"] = decode_float8(all.view(at::kFloat8_e5m2));
  r.tensors["e8m0"] = decode_e8m0(all);
  r.tensors["e2m1"] = decode_e2m1(all.slice(0, 0, 16));
  return r;
}

Results e2m1(const Case& c) {
  Results r;
  r.tensors["codes"] = encode_e2m1(c.input("x"));
  r.tensors["decoded"] = decode_e2m1(r.tensors["codes"]);
  return r;
}

Results scaled_fp8(const Case& c, Format format) {
  Encoding encoding;
  encoding.format = format;
  encoding.reference = c.param<std::string>("semantics", "L") == "R";
  if (c.param<std::string>("form", "divide") == "multiply") encoding.fp8_form = Encoding::Fp8Form::Multiply;
  const auto matrix = encode(c.input("w"), encoding);
  Results r;
  r.tensors["codes"] = bytes(matrix.codes);
  r.tensors["weight_scale"] = matrix.scale;
  r.tensors["decoded"] = decode(matrix);
  r.tensors["decoded_bf16"] = decode(matrix, at::kBFloat16);
  if (format == Format::Fp6Block128) r.tensors["packed"] = r.tensors["codes"];
  return r;
}

Results fp8_activation(const Case& c) {
  const auto quantized = fp8_1x128(c.input("x"));
  Results r;
  r.tensors["codes"] = bytes(quantized.codes);
  r.tensors["scale"] = quantized.scale;
  return r;
}

Results mxfp8_codec(const Case& c) {
  Results r;
  if (c.param<std::string>("source", "") == "activation") {
    const auto quantized = mxfp8(c.input("x"));
    r.tensors["scale"] = quantized.scale;
    r.tensors["decoded"] = dequantize_mxfp8(quantized, c.input("x").size(1));
    return r;
  }
  const auto& w = c.input("w");
  const auto matrix = encode(w, {.format = Format::Mxfp8});
  if (c.param<std::string>("layout", "") == "stored") {
    const auto stored = stored_mxfp8(matrix);
    r.tensors["codes_padded"] = bytes(stored.codes);
    r.tensors["scale_swizzled"] = stored.scale;
    r.tensors["decoded_bf16"] = decode(mxfp8_from_stored(stored, w.size(0), w.size(1)), at::kBFloat16);
    return r;
  }
  for (const auto& [name, scale] : {std::pair{"floor", MxScale::Floor}, std::pair{"even", MxScale::Even},
                                    std::pair{"ceil", MxScale::Ceil}, std::pair{"rceil", MxScale::Rceil}}) {
    const auto by_mode = encode_mxfp8(w, scale);
    r.tensors[std::string("codes_") + name] = bytes(by_mode.codes);
    r.tensors[std::string("scale_") + name] = by_mode.scale;
  }
  r.tensors["decoded_rceil"] = decode(matrix);
  r.tensors["scale_swizzled_rceil"] = stored_mxfp8(matrix).scale;
  return r;
}

Results nvfp4_codec(const Case& c) {
  at::Tensor scale_2;
  if (const auto given = c.params.find("given_tensor_scale"); given != c.params.end() && !given->is_null())
    scale_2 = at::scalar_tensor(given->get<double>(), at::TensorOptions(at::kFloat));
  const auto matrix = encode_nvfp4(c.input("w"), scale_2);
  Results r;
  r.tensors["codes_hi_first"] = matrix.codes;
  r.tensors["codes_lo_first"] = swap_nibbles(matrix.codes);
  r.tensors["scale_linear"] = matrix.scale;
  r.tensors["scale_swizzled"] = swizzle_scales(matrix.scale);
  r.tensors["weight_scale_2"] = matrix.scale_2;
  r.tensors["decoded"] = decode(matrix);
  r.tensors["decoded_bf16"] = decode(matrix, at::kBFloat16);
  return r;
}

Results dither(const Case& c, at::ScalarType dtype) {
  const auto seed = c.param<uint64_t>("seed", 0);
  const auto dithered = add_with_dither(c.input("codes").view(dtype), c.input("delta"), seed);
  Results r;
  r.tensors["out"] = dithered.values;
  r.tensors["codes_out"] = bytes(dithered.codes);
  r.tensors["uniform"] = at::empty({64}, at::TensorOptions(at::kFloat));
  for (int64_t i = 0; i < 64; ++i) r.tensors["uniform"][i] = uniform(seed, static_cast<uint32_t>(i));
  return r;
}

}  // namespace

void add_floating_codecs(Codecs& codecs) {
  codecs["e4m3"] = [](const Case& c) { return float8(c, at::kFloat8_e4m3fn); };
  codecs["e5m2"] = [](const Case& c) { return float8(c, at::kFloat8_e5m2); };
  codecs["tables"] = tables;
  codecs["e2m1"] = e2m1;
  codecs["fp8-per-tensor"] = [](const Case& c) { return scaled_fp8(c, Format::Fp8PerTensor); };
  codecs["fp8-per-row"] = [](const Case& c) { return scaled_fp8(c, Format::Fp8PerRow); };
  codecs["fp8-block128"] = [](const Case& c) { return scaled_fp8(c, Format::Fp8Block128); };
  codecs["fp6-block128"] = [](const Case& c) { return scaled_fp8(c, Format::Fp6Block128); };
  codecs["fp8-1x128"] = fp8_activation;
  codecs["mxfp8"] = mxfp8_codec;
  codecs["nvfp4"] = nvfp4_codec;
  codecs["dither-e4m3"] = [](const Case& c) { return dither(c, at::kFloat8_e4m3fn); };
  codecs["dither-e5m2"] = [](const Case& c) { return dither(c, at::kFloat8_e5m2); };
}

}  // namespace ltx::golden
