#include "models/text/extractor_version.h"

#include <array>

#include "base/error.h"
#include "models/text/fields.h"

namespace ltx::text {
namespace {

using nlohmann::json;

struct ExpectedKey {
  const char* key;
  bool value;
};
constexpr std::array<ExpectedKey, 4> kV2Keys = {{{"caption_proj_before_connector", true},
                                                 {"caption_projection_first_linear", false},
                                                 {"caption_proj_input_norm", false},
                                                 {"caption_projection_second_linear", false}}};

}  // namespace

ExtractorVersion extractor_version(const json& transformer, const std::string& file) {
  // Presence decides, null included.
  size_t present = 0;
  for (const auto& [key, value] : kV2Keys) present += transformer.is_object() && transformer.contains(key);
  if (present == 0) return ExtractorVersion::V1;
  for (const auto& [key, value] : kV2Keys) {
    const bool there = transformer.contains(key);
    if (there && equals_boolean(transformer[key], value)) continue;
    fail(Status::ModelConfig,
         "'{}': config.transformer.{}: expected {}, found {}. This combination of text projections is not "
         "supported: use "
         "a published LTX-2, LTX-2.3 or LTX-2.5 file.",
         file, key, value,
         there ? transformer[key].dump(-1, ' ', false, json::error_handler_t::replace) : "none");
  }
  return ExtractorVersion::V2;
}

}  // namespace ltx::text
