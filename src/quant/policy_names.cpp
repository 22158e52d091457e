// The spellings of spec 08 §3.1.
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "quant/policy.h"
#include "quant/rules.h"

namespace ltx::quant {
namespace {

using formats::Format;

struct Named {
  Kind kind;
  std::string_view name;
};

constexpr Named kKinds[] = {{Kind::Auto, "auto"},
                            {Kind::None, "none"},
                            {Kind::Fp8Cast, "fp8-cast"},
                            {Kind::Fp8ScaledMm, "fp8-scaled-mm"},
                            {Kind::Fp8Dynamic, "fp8-dynamic"},
                            {Kind::Fp8WeightOnly, "fp8-weight-only"},
                            {Kind::Fp8Block128, "fp8-block128"},
                            {Kind::Mxfp8, "mxfp8"},
                            {Kind::Fp6Block128, "fp6-block128"},
                            {Kind::Nvfp4Cast, "nvfp4-cast"},
                            {Kind::Nvfp4Prequant, "nvfp4-prequant"},
                            {Kind::Int8, "int8"},
                            {Kind::Int8Dynamic, "int8-dynamic"},
                            {Kind::Int4, "int4"},
                            {Kind::Nf4, "nf4"},
                            {Kind::Gguf, "gguf"}};

constexpr Named kAliases[] = {{Kind::None, "bf16"},
                              {Kind::Fp8Cast, "diffusers-layerwise"},
                              {Kind::Fp8Dynamic, "fp8"},
                              {Kind::Fp8Dynamic, "diffsynth-fp8"},
                              {Kind::Fp8WeightOnly, "fp8-filtered"},
                              {Kind::Int8, "8bit"},
                              {Kind::Int4, "4bit"}};

}  // namespace

Kind kind_named(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& entry : kKinds) {
    if (entry.name == name) return entry.kind;
    known.push_back(entry.name);
  }
  for (const auto& entry : kAliases)
    if (entry.name == name) return entry.kind;
  fail(Status::InvalidArgument, "'{}' is no quantization policy. Use one of {}.", name,
       fmt::join(known, ", "));
}

std::string_view name_of(Kind kind) {
  for (const auto& entry : kKinds)
    if (entry.kind == kind) return entry.name;
  return "unknown";
}

const std::vector<Kind>& all_kinds() {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> all;
    for (const auto& entry : kKinds)
      if (entry.kind != Kind::Auto) all.push_back(entry.kind);
    return all;
  }();
  return kinds;
}

std::string_view name_of(Target target) {
  switch (target) {
    case Target::Transformer:
      return "transformer";
    case Target::TextEncoder:
      return "text_encoder";
    case Target::VideoVae:
      break;
  }
  return "video_vae";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Plain:
      return "plain";
    case Outcome::Quantized:
      return "quantized";
    case Outcome::AlreadyQuantized:
      return "already_quantized";
    case Outcome::Skipped:
      return "skipped";
    case Outcome::Dequantized:
      break;
  }
  return "dequantized";
}

Kind kind_of(Format format) {
  switch (format) {
    case Format::Unquantized:
      return Kind::None;
    case Format::Fp8Unscaled:
      return Kind::Fp8Cast;
    case Format::Fp8PerTensor:
      return Kind::Fp8ScaledMm;
    case Format::Fp8PerRow:
      return Kind::Fp8Dynamic;
    case Format::Mxfp8:
      return Kind::Mxfp8;
    case Format::Fp8Block128:
      return Kind::Fp8Block128;
    case Format::Fp6Block128:
      return Kind::Fp6Block128;
    case Format::Nvfp4:
      return Kind::Nvfp4Prequant;
    case Format::Int8:
      return Kind::Int8;
    case Format::Int4:
      return Kind::Int4;
    case Format::Nf4:
      return Kind::Nf4;
    default:
      return Kind::Gguf;
  }
}

Granularity granularity_named(std::string_view name) {
  if (name == "auto") return Granularity::Auto;
  if (name == "per-tensor") return Granularity::PerTensor;
  if (name == "per-row") return Granularity::PerRow;
  fail(Status::InvalidArgument, "'{}' is no granularity. Use per-tensor or per-row.", name);
}

std::vector<int64_t> keep_blocks_named(std::string_view text) {
  if (text == "edge4") return {0, 1, -2, -1};
  std::vector<int64_t> blocks;
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto part = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    int64_t block = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), block);
    if (part.empty() || error != std::errc() || end != part.data() + part.size())
      fail(Status::InvalidArgument,
           "keep_bf16_blocks '{}': '{}' is no block number. Use numbers separated by commas, or edge4.", text,
           part);
    blocks.push_back(block);
  }
  return blocks;
}

Rule rule_named(std::string_view text) {
  const auto equals = text.rfind('=');
  if (equals == std::string_view::npos)
    fail(Status::InvalidArgument,
         "quantization rule '{}': expected 'component:layer=format', found no '='. Write for example "
         "'transformer:transformer_blocks.*.ff.*=int8'.",
         text);
  Rule rule;
  rule.pattern = std::string(text.substr(0, equals));
  const auto format = text.substr(equals + 1);
  rule.keep = format == "keep";
  if (!rule.keep && format != "bf16" && format != "none") rule.format = formats::format_named(format);
  check_rule(rule);
  return rule;
}

}  // namespace ltx::quant
