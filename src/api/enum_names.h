// The one spelling of every enumeration, for messages, bindings and the command line.
#pragma once
#include <cstdint>
#include <string>

#include "ltx_c.h"

namespace ltx::api {

/// "LTX_E_BUSY"; "LTX_E_UNKNOWN" for a number that is no status.
const char* status_name(ltx_status status) noexcept;

/// "fp8-scaled-mm"; nullptr if the type has no such value.
const char* enum_name(ltx_enum type, int32_t value) noexcept;

/// Throws InvalidArgument that lists the texts accepted.
int32_t parse_enum(ltx_enum type, const char* text);

/// "auto (0), none (1), …"
std::string list_values(ltx_enum type);

}  // namespace ltx::api
