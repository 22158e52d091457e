// Reading a config section key by key, with errors that name file, key, expectation and finding.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ltx::text {

class Fields {
 public:
  /// `where` is the beginning of every message: "'file.safetensors': config.transformer".
  Fields(const nlohmann::json& object, std::string where);

  /// True if the key is present and not null.
  bool has(const std::string& key) const { return find(key) != nullptr; }
  bool is_array(const std::string& key) const;

  int64_t integer(const std::string& key, int64_t fallback) const;
  int64_t integer(const std::string& key) const;
  /// An integer above zero.
  int64_t count(const std::string& key, int64_t fallback) const;
  int64_t count(const std::string& key) const;
  /// A number of layers from `least` to 4096: what is built per layer must not follow a damaged number.
  int64_t layers(const std::string& key, int64_t fallback, int64_t least = 1) const;
  double number(const std::string& key, double fallback) const;
  bool boolean(const std::string& key, bool fallback) const;
  std::string text(const std::string& key, const std::string& fallback) const;
  std::vector<int64_t> integers(const std::string& key, std::vector<int64_t> fallback) const;
  std::vector<std::string> texts(const std::string& key) const;
  /// A nested object; an empty one where it is absent.
  Fields section(const std::string& key) const;

  /// Throws ModelConfig: "<where>.<key>: expected …, found …".
  [[noreturn]] void wrong(const std::string& key, const std::string& expected) const;
  [[noreturn]] void wrong(const std::string& key, const std::string& expected,
                          const std::string& found) const;

 private:
  const nlohmann::json* find(const std::string& key) const;

  nlohmann::json object_;
  std::string where_;
};

/// The JSON booleans and, as in the files' Python reader, the numbers 1 and 0 (spec 01 §2.4).
bool equals_boolean(const nlohmann::json& value, bool expected);

}  // namespace ltx::text
