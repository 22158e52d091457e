#include "quant/amax_file.h"

#include <cmath>

#include "base/error.h"
#include "io/json.h"

namespace ltx::quant {
namespace {

constexpr std::string_view kTable = "amax_values";
constexpr std::string_view kSuffix = ".input_quantizer";

}  // namespace

AmaxTable parse_amax(std::string_view text, std::string_view source) {
  const auto json = io::parse_json(text, source, Status::FileFormat);
  const auto table = json.is_object() ? json.find(kTable) : json.end();
  if (table == json.end() || !table->is_object())
    fail(Status::FileFormat,
         "{}: expected an object 'amax_values' with the maximum of every layer, found {}. Use a file that a "
         "calibration run wrote.",
         source, table == json.end() ? "none" : table->type_name());
  AmaxTable result;
  for (const auto& [key, value] : table->items()) {
    auto layer = key;
    if (layer.ends_with(kSuffix)) layer.resize(layer.size() - kSuffix.size());
    const float amax = value.is_number() ? value.get<float>() : NAN;
    if (!std::isfinite(amax) || amax <= 0)
      fail(Status::Quant,
           "{}: layer '{}': expected a positive number of single precision, found {}. Calibrate again, or "
           "remove "
           "the entry so that the layer is measured at every call.",
           source, io::printable(layer), value.dump());
    if (!result.emplace(layer, amax).second)
      fail(Status::Quant, "{}: layer '{}': expected one entry, found two. Remove one.", source,
           io::printable(layer));
  }
  return result;
}

std::string amax_text(const AmaxTable& table) {
  auto values = nlohmann::json::object();
  for (const auto& [layer, amax] : table) values[layer + std::string(kSuffix)] = static_cast<double>(amax);
  return nlohmann::json{{std::string(kTable), std::move(values)}}.dump(1) + "\n";
}

}  // namespace ltx::quant
