// Reading JSON that nobody vouches for: every failure is an Error that names the place.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace ltx::io {

/// Deepest nesting that is read; nothing in a model's files comes near it.
constexpr int kMaxJsonDepth = 128;

/// Parses UTF-8 text completely. `source` names the text in messages ("'config.json'"). NaN, Infinity,
/// numbers beyond fp64, invalid UTF-8 and trailing text are errors of the given status.
nlohmann::json parse_json(std::string_view text, std::string_view source,
                          Status status = Status::FileCorrupt);

/// The same without an error: false where the text is not JSON; `reason` then says why.
bool try_parse_json(std::string_view text, nlohmann::json& value, std::string& reason);

/// A JSON file. Throws FileNotFound, FileAccess, FileFormat or FileCorrupt.
nlohmann::json read_json_file(const std::filesystem::path& path);

/// The bytes of a whole (small) file.
std::string read_text_file(const std::filesystem::path& path);

/// True if the bytes are well-formed UTF-8.
bool is_utf8(std::string_view text);

/// The text itself, or with '?' for every byte beyond ASCII if it is not UTF-8 (names of files may be
/// anything).
std::string printable(const std::string& text);

}  // namespace ltx::io
