// The `__metadata__` of a checkpoint and the configuration embedded in it (spec 01 §2).
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "weights/model_version.h"

namespace ltx::weights {

class Metadata {
 public:
  Metadata() = default;
  /// `file` is for messages.
  Metadata(std::map<std::string, std::string, std::less<>> raw, std::string file);

  const std::map<std::string, std::string, std::less<>>& raw() const { return raw_; }
  const std::string& file() const { return file_; }

  /// The string as stored; "" where absent.
  std::string raw(std::string_view key) const;
  /// The value as JSON if it is JSON, else the string; null where absent.
  nlohmann::json value(std::string_view key) const;
  /// An entry read as text: a JSON number becomes its shortest decimal form; "" where absent or null.
  std::string text(std::string_view key) const;

  bool has_config() const { return !value("config").is_null(); }
  /// The object `config`, empty where absent. Throws ModelConfig if it is not a JSON object (NaN is not
  /// JSON).
  nlohmann::json config() const;
  /// `config.<name>`; null where absent. Throws ModelConfig if it is neither an object nor null.
  nlohmann::json section(std::string_view name) const;
  /// The same, and an error naming the file where it is absent.
  nlohmann::json require_section(std::string_view name) const;

  /// For sampling defaults: the raw string, see version_defaults().
  std::string model_version() const { return raw("model_version"); }
  /// For the pairing with a text encoder: the decoded value, "2.4-rc2" being 2.
  Version pairing_version() const { return parse_version(text("model_version")); }

 private:
  std::map<std::string, std::string, std::less<>> raw_;
  std::string file_;
};

/// A JSON value read as text: string as it is, number in its shortest decimal form, null "".
std::string text_of(const nlohmann::json& value);

}  // namespace ltx::weights
