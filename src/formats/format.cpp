#include "formats/format.h"

#include <string>

#include "base/error.h"

namespace ltx::formats {
namespace {

struct Named {
  Format format;
  std::string_view name;
};

constexpr Named kNames[] = {{Format::Unquantized, "unquantized"},
                            {Format::Fp8Unscaled, "fp8-unscaled"},
                            {Format::Fp8PerTensor, "fp8-per-tensor"},
                            {Format::Fp8PerRow, "fp8-per-row"},
                            {Format::Mxfp8, "mxfp8"},
                            {Format::Fp8Block128, "fp8-block128"},
                            {Format::Fp6Block128, "fp6-block128"},
                            {Format::Nvfp4, "nvfp4"},
                            {Format::Int8, "int8"},
                            {Format::Int4, "int4"},
                            {Format::Nf4, "nf4"},
                            {Format::Q8_0, "gguf-Q8_0"},
                            {Format::Q6_K, "gguf-Q6_K"},
                            {Format::Q5_K, "gguf-Q5_K"},
                            {Format::Q4_K, "gguf-Q4_K"},
                            {Format::Q4_0, "gguf-Q4_0"},
                            {Format::Q4_1, "gguf-Q4_1"},
                            {Format::Q5_0, "gguf-Q5_0"},
                            {Format::Q5_1, "gguf-Q5_1"},
                            {Format::Q3_K, "gguf-Q3_K"},
                            {Format::Q2_K, "gguf-Q2_K"},
                            {Format::Iq4Nl, "gguf-IQ4_NL"},
                            {Format::Iq4Xs, "gguf-IQ4_XS"}};

}  // namespace

std::string_view name_of(Format format) {
  for (const auto& entry : kNames)
    if (entry.format == format) return entry.name;
  return "unknown";
}

Format format_named(std::string_view name) {
  std::string known;
  for (const auto& entry : kNames) {
    if (entry.name == name) return entry.format;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  fail(Status::InvalidArgument, "'{}' is no number format. Use one of {}.", name, known);
}

}  // namespace ltx::formats
