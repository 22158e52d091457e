#include "models/text/pairing.h"

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

/// A version as text; "" stands for absent and null.
std::string version_of(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return !object.is_object() || found == object.end() ? "" : weights::text_of(*found);
}

std::string shown(const std::string& version) {
  return version.empty() ? "none" : "'" + version + "'";
}

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

std::string check_pairing(const weights::Metadata& checkpoint, const json& gemma,
                          const std::string& gemma_file) {
  const std::string own = version_of(gemma, "gemma_version");
  const json declared = checkpoint.value("gemma_source_checkpoint");
  if (!declared.is_null()) {
    if (!declared.is_object())
      fail(Status::ModelConfig,
           "'{}': metadata 'gemma_source_checkpoint': expected a JSON object, found {}. Use an unmodified "
           "file.",
           checkpoint.file(), declared.type_name());
    const std::string wanted = version_of(declared, "gemma_version");
    if (wanted != own)
      fail(Status::ModelVersion,
           "'{}' was trained with gemma_version {}, the text encoder '{}' has {}. Use the text encoder "
           "published with "
           "the model.",
           checkpoint.file(), shown(wanted), gemma_file, shown(own));
    return "";
  }
  if (checkpoint.pairing_version() >= weights::Version{2, 4, 0}) {
    if (!own.empty())
      fail(Status::ModelVersion,
           "'{}' (model_version {}) does not declare its text encoder, but '{}' has gemma_version {}. Use a "
           "checkpoint "
           "with metadata 'gemma_source_checkpoint'.",
           checkpoint.file(), shown(checkpoint.text("model_version")), gemma_file, shown(own));
    return fmt::format("'{}' does not declare its text encoder; that '{}' belongs to it could not be checked",
                       checkpoint.file(), gemma_file);
  }
  const std::string type = version_of(gemma, "model_type");
  if (type != "gemma3")
    fail(Status::ModelVersion,
         "'{}' (model_version {}) needs a text encoder with model_type 'gemma3', '{}' has {}. Use Gemma 3 "
         "12B.",
         checkpoint.file(), shown(checkpoint.text("model_version")), gemma_file, shown(type));
  return "";
}

}  // namespace ltx::text
