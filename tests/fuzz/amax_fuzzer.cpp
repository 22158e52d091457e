// Any bytes, read as a calibration file: a table of positive numbers that survives being written, or an Error
// of the documented status.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "quant/amax_file.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ltx::quant::AmaxTable table;
  try {
    table = ltx::quant::parse_amax(text, "fuzz");
  } catch (const ltx::Error& error) {
    require(error.status() == ltx::Status::FileFormat || error.status() == ltx::Status::Quant);
    return 0;
  }
  for (const auto& [layer, amax] : table) require(std::isfinite(amax) && amax > 0);
  require(ltx::quant::parse_amax(ltx::quant::amax_text(table), "written") == table);
  return 0;
}
