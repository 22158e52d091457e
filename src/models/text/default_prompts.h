// Texts that stand in where a caller gives none.
#pragma once
#include <string_view>

namespace ltx::text {

/// What guidance steers away from when a request names no negative prompt (spec 03 §9 leaves the wording to
/// the library).
std::string_view default_negative_prompt();

}  // namespace ltx::text
