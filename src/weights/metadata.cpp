#include "weights/metadata.h"

#include "base/error.h"
#include "io/json.h"

namespace ltx::weights {

using nlohmann::json;

std::string text_of(const json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Metadata::Metadata(std::map<std::string, std::string, std::less<>> raw, std::string file)
    : raw_(std::move(raw)), file_(std::move(file)) {}

std::string Metadata::raw(std::string_view key) const {
  const auto found = raw_.find(key);
  return found == raw_.end() ? "" : found->second;
}

json Metadata::value(std::string_view key) const {
  const auto found = raw_.find(key);
  if (found == raw_.end()) return nullptr;
  json value;
  std::string reason;
  return io::try_parse_json(found->second, value, reason) ? value : json(found->second);
}

std::string Metadata::text(std::string_view key) const {
  return text_of(value(key));
}

json Metadata::config() const {
  const auto found = raw_.find("config");
  if (found == raw_.end()) return json::object();
  json config;
  std::string reason;
  if (!io::try_parse_json(found->second, config, reason))
    fail(Status::ModelConfig,
         "'{}': metadata 'config': expected a JSON object, found text that is not JSON ({}). Use an "
         "unmodified file.",
         file_, reason);
  if (config.is_null()) return json::object();
  if (!config.is_object())
    fail(Status::ModelConfig,
         "'{}': metadata 'config': expected a JSON object, found {}. Use an unmodified file.", file_,
         config.type_name());
  return config;
}

json Metadata::section(std::string_view name) const {
  auto config = this->config();
  const auto found = config.find(std::string(name));
  if (found == config.end() || found->is_null()) return nullptr;
  if (!found->is_object())
    fail(Status::ModelConfig, "'{}': config.{}: expected an object, found {}. Use an unmodified file.", file_,
         name, found->type_name());
  return *found;
}

json Metadata::require_section(std::string_view name) const {
  auto section = this->section(name);
  if (section.is_null())
    fail(Status::ModelConfig,
         "'{}': config.{}: expected an object in the metadata of the file, found none. Use the published "
         "file, which carries its "
         "configuration, or give the complete checkpoint beside the extract.",
         file_, name);
  return section;
}

}  // namespace ltx::weights
