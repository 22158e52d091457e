// The quantized linear layer against the same layer in bf16, in one run: int8 products, and weights that are
// decoded in every call. A bar is the ratio that the design asks for.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/cpu/Utils.h>
#include <fmt/format.h>

#include <string>

#include "bench/timing.h"
#include "quant/linear.h"

namespace {

using namespace ltx;
using formats::Format;
using quant::Kind;

constexpr int64_t kOut = 2048, kIn = 2048;

/// The widest instructions for products of int8 and of bf16 that the CPU has.
std::string instructions() {
  const auto has = at::cpu::get_cpu_capabilities();
  const auto yes = [&](const char* name) {
    const auto found = has.find(name);
    return found != has.end() && found->second.isBool() && found->second.toBool();
  };
  std::string names;
  for (const char* name : {"amx_int8", "amx_bf16", "avx512_vnni", "avx512_bf16", "avx512_f", "avx2"})
    if (yes(name)) names += (names.empty() ? "" : " ") + std::string(name);
  return names;
}

quant::Linear linear(Kind kind, Format format, const at::Tensor& weight, const at::Tensor& bias) {
  quant::LinearParts parts;
  formats::Encoding encoding;
  encoding.format = format;
  parts.weight = formats::encode(weight, encoding);
  parts.bias = bias;
  parts.kind = kind;
  return quant::Linear(std::move(parts));
}

}  // namespace

int main() {
  const at::NoGradGuard no_grad;
  const auto weight = (at::randn({kOut, kIn}) * 0.02).to(at::kBFloat16);
  const auto bias = at::randn({kOut}).to(at::kBFloat16);
  const auto bf16 = linear(Kind::None, Format::Unquantized, weight, bias);
  struct Subject {
    std::string name;
    quant::Linear layer;
  };
  std::vector<Subject> subjects;
  subjects.push_back({"int8-dynamic", linear(Kind::Int8Dynamic, Format::Int8, weight, bias)});
  subjects.push_back({"fp8-weight-only", linear(Kind::Fp8WeightOnly, Format::Fp8PerRow, weight, bias)});
  subjects.push_back({"int8", linear(Kind::Int8, Format::Int8, weight, bias)});
  subjects.push_back({"int4", linear(Kind::Int4, Format::Int4, weight, bias)});
  subjects.push_back({"nf4", linear(Kind::Nf4, Format::Nf4, weight, bias)});
  subjects.push_back({"mxfp8", linear(Kind::Mxfp8, Format::Mxfp8, weight, bias)});
  subjects.push_back({"nvfp4", linear(Kind::Nvfp4Cast, Format::Nvfp4, weight, bias)});
  subjects.push_back({"fp8-block128", linear(Kind::Fp8Block128, Format::Fp8Block128, weight, bias)});

  const auto isa = instructions();
  const auto has = [&](const char* name) { return isa.find(name) != std::string::npos; };
  const bool amx = has("amx_int8");
  // What the instructions alone allow: int8 products per instruction are twice those of bf16, four times
  // those of fp32, in which a CPU without bf16 products multiplies.
  const double limit = has("bf16") ? 0.5 : 0.25;
  for (const int64_t rows : {1536, 512, 1, 2, 4, 8, 16}) {
    const auto x = at::randn({rows, kIn}).to(at::kBFloat16);
    for (const auto& subject : subjects) {
      std::string bar;
      if (subject.name == "int8-dynamic" && rows == 1536)
        bar = fmt::format(", \"bar\": {:.3f}, \"limit_of_instructions\": {}", amx ? 1 / 1.5 : 1 / 3.0, limit);
      if (subject.name == "fp8-weight-only" && rows >= 512)
        bar = fmt::format(", \"bar\": {}", rows == 512 ? 1.3 : 1.15);
      const auto result = bench::compare(
          rows > 100 ? 9 : 51, [&] { subject.layer(x); }, [&] { bf16(x); });
      bench::report(
          "quant_linear_" + subject.name, result, "the same layer in bf16",
          fmt::format("{}, \"rows\": {}, \"out\": {}, \"in\": {}, \"back_end\": \"{}\", \"threads\": {}, "
                      "\"instructions\": \"{}\"",
                      bar, rows, kOut, kIn, subject.layer.back_end(), at::get_num_threads(), isa));
    }
  }
  return 0;
}
