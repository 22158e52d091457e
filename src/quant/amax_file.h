// The text of a calibration file (spec 08 §6.4), without tensors.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace ltx::quant {

/// Maximum of |x| by layer.
using AmaxTable = std::map<std::string, float, std::less<>>;

/// {"amax_values": {"<layer>.input_quantizer": number, …}}; other members are ignored. Throws FileFormat if
/// it is no JSON or has no `amax_values`, Quant for an entry that is no positive number of fp32 or names a
/// layer twice.
AmaxTable parse_amax(std::string_view text, std::string_view source);

/// What parse_amax reads back to the same bits.
std::string amax_text(const AmaxTable& table);

}  // namespace ltx::quant
