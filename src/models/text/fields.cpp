#include "models/text/fields.h"

#include <cmath>

#include "base/error.h"

namespace ltx::text {

using nlohmann::json;

bool equals_boolean(const json& value, bool expected) {
  if (value.is_boolean()) return value.get<bool>() == expected;
  return value.is_number() && value.get<double>() == (expected ? 1.0 : 0.0);
}

Fields::Fields(const json& object, std::string where)
    : object_(object.is_null() ? json::object() : object), where_(std::move(where)) {
  if (!object_.is_object())
    fail(Status::ModelConfig, "{}: expected an object, found {}. Use an unmodified file.", where_,
         object_.type_name());
}

const json* Fields::find(const std::string& key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool Fields::is_array(const std::string& key) const {
  const auto* value = find(key);
  return value && value->is_array();
}

void Fields::wrong(const std::string& key, const std::string& expected) const {
  const auto* value = find(key);
  std::string found = value ? value->dump(-1, ' ', false, json::error_handler_t::replace) : "none";
  if (found.size() > 80) found = found.substr(0, 77) + "...";
  wrong(key, expected, found);
}

void Fields::wrong(const std::string& key, const std::string& expected, const std::string& found) const {
  fail(Status::ModelConfig, "{}.{}: expected {}, found {}. Use the published file.", where_, key, expected,
       found);
}

int64_t Fields::integer(const std::string& key) const {
  const auto* value = find(key);
  if (value && value->is_number_integer()) return value->get<int64_t>();
  // Python writes some integers as floats.
  if (value && value->is_number_float()) {
    const double number = value->get<double>();
    if (std::abs(number) < 9.0e15 && number == std::floor(number)) return static_cast<int64_t>(number);
  }
  wrong(key, "an integer");
}

int64_t Fields::integer(const std::string& key, int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}

int64_t Fields::count(const std::string& key) const {
  const int64_t value = integer(key);
  if (value <= 0 || value > (int64_t{1} << 31)) wrong(key, "an integer above zero");
  return value;
}

int64_t Fields::count(const std::string& key, int64_t fallback) const {
  return has(key) ? count(key) : fallback;
}

int64_t Fields::layers(const std::string& key, int64_t fallback, int64_t least) const {
  const int64_t value = integer(key, fallback);
  if (value < least || value > 4096) wrong(key, fmt::format("a number of layers from {} to 4096", least));
  return value;
}

double Fields::number(const std::string& key, double fallback) const {
  const auto* value = find(key);
  if (!value) return fallback;
  if (!value->is_number()) wrong(key, "a number");
  return value->get<double>();
}

bool Fields::boolean(const std::string& key, bool fallback) const {
  const auto* value = find(key);
  if (!value) return fallback;
  if (equals_boolean(*value, true)) return true;
  if (equals_boolean(*value, false)) return false;
  wrong(key, "true or false");
}

std::string Fields::text(const std::string& key, const std::string& fallback) const {
  const auto* value = find(key);
  if (!value) return fallback;
  if (!value->is_string()) wrong(key, "a string");
  return value->get<std::string>();
}

std::vector<int64_t> Fields::integers(const std::string& key, std::vector<int64_t> fallback) const {
  const auto* value = find(key);
  if (!value) return fallback;
  std::vector<int64_t> result;
  if (!value->is_array()) wrong(key, "a list of integers");
  for (const auto& entry : *value) {
    if (!entry.is_number_integer()) wrong(key, "a list of integers");
    result.push_back(entry.get<int64_t>());
  }
  return result;
}

std::vector<std::string> Fields::texts(const std::string& key) const {
  const auto* value = find(key);
  if (!value || !value->is_array()) wrong(key, "a list of strings");
  std::vector<std::string> result;
  for (const auto& entry : *value) {
    if (!entry.is_string()) wrong(key, "a list of strings");
    result.push_back(entry.get<std::string>());
  }
  return result;
}

Fields Fields::section(const std::string& key) const {
  const auto* value = find(key);
  return {value ? *value : json::object(), where_ + "." + key};
}

}  // namespace ltx::text
