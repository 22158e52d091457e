#include "io/json.h"

#include <algorithm>

#include "base/error.h"
#include "io/mapped_file.h"

namespace ltx::io {
namespace {

using nlohmann::json;

struct TooDeep {};

// The library's messages begin with "[json.exception.parse_error.101] "; readers need what follows.
std::string plain(const std::string& message) {
  const auto end = message.find("] ");
  return end == std::string::npos ? message : message.substr(end + 2);
}

}  // namespace

bool try_parse_json(std::string_view text, json& value, std::string& reason) {
  // The parser takes a zero byte for the end of the text and would not see what follows.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    reason = fmt::format("a zero byte at byte {}", zero);
    return false;
  }
  try {
    value = json::parse(text.begin(), text.end(), [](int depth, json::parse_event_t, json&) {
      if (depth > kMaxJsonDepth) throw TooDeep();
      return true;
    });
    return true;
  } catch (const json::exception& error) {
    reason = plain(error.what());
  } catch (const TooDeep&) {
    reason = fmt::format("nested deeper than {}", kMaxJsonDepth);
  }
  return false;
}

json parse_json(std::string_view text, std::string_view source, Status status) {
  json value;
  std::string reason;
  if (!try_parse_json(text, value, reason))
    fail(status, "{} is not valid JSON: {}. Write the file again.", source, reason);
  return value;
}

std::string read_text_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

json read_json_file(const std::filesystem::path& path) {
  return parse_json(read_text_file(path), "'" + path.string() + "'");
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    const unsigned char lead = *at;
    const int more = lead < 0x80                   ? 0
                     : lead >= 0xC2 && lead < 0xE0 ? 1
                     : lead >= 0xE0 && lead < 0xF0 ? 2
                     : lead >= 0xF0 && lead < 0xF5 ? 3
                                                   : -1;
    if (more < 0 || end - at <= more) return false;
    for (int i = 1; i <= more; ++i)
      if ((at[i] & 0xC0) != 0x80) return false;
    // Overlong forms, surrogates and code points beyond U+10FFFF.
    if ((lead == 0xE0 && at[1] < 0xA0) || (lead == 0xED && at[1] > 0x9F) || (lead == 0xF0 && at[1] < 0x90) ||
        (lead == 0xF4 && at[1] > 0x8F))
      return false;
    at += more + 1;
  }
  return true;
}

std::string printable(const std::string& text) {
  if (is_utf8(text)) return text;
  std::string result = text;
  std::replace_if(
      result.begin(), result.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return result;
}

}  // namespace ltx::io
