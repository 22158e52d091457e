// Texts that stand in where a caller gives none.
#pragma once
#include <string_view>

namespace ltx::text {

/// What guidance steers away from when a request names no negative prompt (spec 03 §9 leaves the wording to
/// the library).
std::string_view default_negative_prompt();

/// What the language model is told about rewriting a prompt, with a look at the first frame or without (spec
/// 03 §8.2); ends with a line break.
std::string_view default_system_prompt(bool with_image);

}  // namespace ltx::text
