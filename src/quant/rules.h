// Globs on "component:layer" (spec 08, ltx_quant_rule).
#pragma once
#include <string_view>

#include "quant/policy.h"

namespace ltx::quant {

/// `*` stands for any text, dots included, `?` for one character, `[abc]`, `[a-c]` and `[!a-c]` for one of a
/// set.
bool glob_match(std::string_view pattern, std::string_view text);

/// Without a colon a pattern is about every component. In a component '-' and '_' are the same, and a pattern
/// that matches "video_vae" matches "video-encoder" and "video-decoder".
bool rule_matches(const Rule& rule, std::string_view component, std::string_view layer);

/// Throws InvalidArgument for a rule that can match nothing or asks for a format that nobody encodes.
void check_rule(const Rule& rule);

}  // namespace ltx::quant
