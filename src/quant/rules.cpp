#include "quant/rules.h"

#include <string>

#include "base/error.h"

namespace ltx::quant {
namespace {

/// Length of the class at the front of `pattern` ("[a-c]"), 0 if it is not closed; `hit`: whether it has `c`.
size_t read_class(std::string_view pattern, char c, bool& hit) {
  size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const size_t first = i;
  bool found = false;
  // A ']' at the first place belongs to the class.
  for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      found = found || (pattern[i] <= c && c <= pattern[i + 2]);
      i += 2;
    } else {
      found = found || pattern[i] == c;
    }
  }
  if (i >= pattern.size()) return 0;
  hit = found != negated;
  return i + 1;
}

/// Length of the pattern's first element if it stands for `c`, else 0.
size_t step(std::string_view pattern, char c) {
  if (pattern.front() == '?') return 1;
  if (pattern.front() == '[') {
    bool hit = false;
    if (const auto length = read_class(pattern, c, hit)) return hit ? length : 0;
  }
  return pattern.front() == c ? 1 : 0;
}

/// Both spellings of a component's name as one. In a class '-' stands for a range and stays.
std::string underscored(std::string_view name) {
  std::string result(name);
  bool in_class = false;
  for (char& c : result) {
    if (c == '[' || c == ']') in_class = c == '[';
    if (c == '-' && !in_class) c = '_';
  }
  return result;
}

bool component_matches(std::string_view glob, std::string_view component) {
  const auto pattern = underscored(glob), name = underscored(component);
  if (glob_match(pattern, name)) return true;
  return (name == "video_encoder" || name == "video_decoder") && glob_match(pattern, "video_vae");
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  // The last star is the only one that has to be tried again: linear in practice, quadratic at worst.
  size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    const auto length = p < pattern.size() ? step(pattern.substr(p), text[t]) : 0;
    if (length > 0) {
      p += length;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool rule_matches(const Rule& rule, std::string_view component, std::string_view layer) {
  const std::string_view pattern = rule.pattern;
  const auto colon = pattern.find(':');
  if (colon == std::string_view::npos) return glob_match(pattern, layer);
  return component_matches(pattern.substr(0, colon), component) &&
         glob_match(pattern.substr(colon + 1), layer);
}

void check_rule(const Rule& rule) {
  const auto layer = rule.pattern.substr(rule.pattern.find(':') + 1);  // npos + 1 == 0: no colon
  if (layer.empty())
    fail(Status::InvalidArgument,
         "quantization rule '{}': the pattern names no layer. Write 'component:layer', for example "
         "'transformer:transformer_blocks.*.ff.*'.",
         rule.pattern);
  if (!rule.keep && formats::is_gguf(rule.format))
    fail(Status::InvalidArgument,
         "quantization rule '{}': {} is read but not written. Use a GGUF file that has it, or int4, nf4 or "
         "fp8-per-row.",
         rule.pattern, formats::name_of(rule.format));
}

}  // namespace ltx::quant
