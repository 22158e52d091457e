#include "io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"

namespace ltx::io {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;

[[noreturn]] void corrupt(const std::string& path, uint64_t offset, const std::string& what) {
  fail(Status::FileCorrupt,
       "'{}' is not a valid safetensors file: at byte {}: {}. Download or write the file again.", path,
       offset, what);
}

/// Other containers are recognised by their first bytes, once those turn out not to be a header length.
void refuse_other_container(std::span<const std::byte> file, const std::string& path) {
  const std::string_view start(reinterpret_cast<const char*>(file.data()), std::min<size_t>(file.size(), 8));
  const char* found = start.starts_with("GGUF")                                          ? "GGUF"
                      : start.starts_with("PK\x03\x04") || start.starts_with("\x80\x02") ? "pickled PyTorch"
                      : start.starts_with("\x89HDF")                                     ? "HDF5"
                                                                                         : nullptr;
  if (found)
    fail(Status::FileFormat,
         "'{}' is an unsupported container: expected safetensors, found {}. Convert it to safetensors.", path,
         found);
}

TensorEntry read_entry(const std::string& path, const std::string& name, const json& value,
                       uint64_t data_size) {
  const auto bad = [&](const std::string& what) {
    corrupt(path, 8, fmt::format("tensor '{}': {}", name, what));
  };
  const auto member = [&](const char* key) -> const json& {
    const auto found = value.find(key);
    if (found == value.end()) bad(fmt::format("expected '{}', found none", key));
    return *found;
  };
  if (!value.is_object())
    bad(fmt::format("expected an object with dtype, shape and data_offsets, found {}", value.type_name()));
  const auto& dtype = member("dtype");
  const auto& shape = member("shape");
  const auto& offsets = member("data_offsets");
  if (!dtype.is_string()) bad(fmt::format("expected dtype to be a string, found {}", dtype.type_name()));
  if (!shape.is_array()) bad(fmt::format("expected shape to be a list, found {}", shape.type_name()));
  if (!offsets.is_array() || offsets.size() != 2) bad("expected data_offsets to be a list of two integers");

  TensorEntry entry;
  entry.dtype = dtype.get<std::string>();
  uint64_t count = 1;
  bool empty = false, overflow = false;
  for (const auto& dim : shape) {
    if (!dim.is_number_unsigned())
      bad(fmt::format("expected a non-negative integer as dimension, found {}", dim.dump(-1, ' ', true)));
    const auto extent = dim.get<uint64_t>();
    overflow |= extent > static_cast<uint64_t>(INT64_MAX);
    empty |= extent == 0;
    overflow |= extent > 0 && __builtin_mul_overflow(count, extent, &count);
    entry.shape.push_back(static_cast<int64_t>(extent));
  }
  if (overflow || count > static_cast<uint64_t>(INT64_MAX) / 64) bad("the number of elements overflows");
  if (empty) count = 0;
  for (const auto& offset : offsets)
    if (!offset.is_number_unsigned())
      bad(fmt::format("expected a non-negative integer as data offset, found {}",
                      offset.dump(-1, ' ', true)));
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  if (entry.begin > entry.end || entry.end > data_size)
    bad(fmt::format("expected data_offsets within the {} data bytes of the file, found [{}, {}]", data_size,
                    entry.begin, entry.end));
  // The size of a dtype that we do not know cannot be checked; reading such a tensor is refused later (spec
  // 01 §1.2).
  if (const auto bits = static_cast<uint64_t>(bits_of(entry.dtype)); bits != 0) {
    if (count * bits % 8 != 0) bad(fmt::format("{} elements of {} are not whole bytes", count, entry.dtype));
    if (entry.end - entry.begin != count * bits / 8)
      bad(fmt::format("expected {} bytes for {} elements of {}, found {} between the data_offsets",
                      count * bits / 8, count, entry.dtype, entry.end - entry.begin));
  }
  return entry;
}

void refuse_overlap(const std::string& path, const TensorTable& header) {
  struct Range {
    uint64_t begin, end;
    const std::string* name;
  };
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.tensors)
    if (entry.end > entry.begin) ranges.push_back({entry.begin, entry.end, &name});
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].begin < ranges[i - 1].end)
      corrupt(path, header.data_begin + ranges[i].begin,
              fmt::format("tensors '{}' and '{}' overlap: expected an offset of at least {}, found {}",
                          *ranges[i - 1].name, *ranges[i].name, ranges[i - 1].end, ranges[i].begin));
}

}  // namespace

int bits_of(std::string_view dtype) {
  static const std::map<std::string_view, int> bits = {
      {"F64", 64}, {"F32", 32}, {"F16", 16}, {"BF16", 16}, {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8},
      {"U8", 8},   {"I8", 8},   {"I64", 64}, {"I32", 32},  {"I16", 16},    {"U16", 16},    {"U32", 32},
      {"U64", 64}, {"BOOL", 8}, {"F4", 4},   {"C64", 64},  {"F6_E2M3", 6}, {"F6_E3M2", 6}};
  const auto found = bits.find(dtype);
  return found == bits.end() ? 0 : found->second;
}

TensorTable read_safetensors_header(std::span<const std::byte> file, const std::string& path) {
  if (file.size() < 8) corrupt(path, 0, fmt::format("expected at least 8 bytes, found {}", file.size()));
  uint64_t size = 0;
  std::memcpy(&size, file.data(), 8);
  if (size == 0 || size > kMaxHeaderBytes) {
    refuse_other_container(file, path);
    corrupt(path, 0, fmt::format("expected a header length of 1 to {}, found {}", kMaxHeaderBytes, size));
  }
  if (size > file.size() - 8)
    corrupt(path, 0,
            fmt::format("expected {} bytes of header, found {} up to the end of the file", size,
                        file.size() - 8));
  TensorTable result;
  result.data_begin = 8 + size;
  const char* text = reinterpret_cast<const char*>(file.data()) + 8;
  if (*text != '{') corrupt(path, 8, "expected the header to begin with '{'");
  // The parser takes a zero byte for the end of the text and would not see what follows.
  if (const auto* zero = static_cast<const char*>(std::memchr(text, 0, size)))
    corrupt(path, 8 + static_cast<uint64_t>(zero - text), "the header is not valid JSON: a zero byte");

  // A JSON library keeps one of two equal keys without a word: the names are collected while parsing.
  std::vector<std::string> names;
  json header;
  struct TooDeep {};
  try {
    header = json::parse(text, text + size, [&](int depth, json::parse_event_t event, json& value) {
      if (depth > kMaxJsonDepth) throw TooDeep();
      if (depth == 1 && event == json::parse_event_t::key) names.push_back(value.get<std::string>());
      return true;
    });
  } catch (const json::parse_error& error) {
    const std::string message = error.what();
    const auto begin = message.find("] ");
    corrupt(path, 8 + error.byte,
            "the header is not valid JSON: " + message.substr(begin == std::string::npos ? 0 : begin + 2));
  } catch (const json::exception& error) {
    corrupt(path, 8, fmt::format("the header is not valid JSON: {}", error.what()));
  } catch (const TooDeep&) {
    corrupt(path, 8, "the header is nested too deeply");
  }
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    corrupt(path, 8, fmt::format("'{}' is listed twice", *twice));

  const uint64_t data_size = file.size() - result.data_begin;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object())
        corrupt(path, 8, fmt::format("expected '__metadata__' to be an object, found {}", value.type_name()));
      for (const auto& [key, item] : value.items()) {
        if (!item.is_string())
          corrupt(path, 8, fmt::format("metadata '{}': expected a string, found {}", key, item.type_name()));
        result.metadata[key] = item.get<std::string>();
      }
    } else {
      result.tensors.emplace(name, read_entry(path, name, value, data_size));
    }
  }
  refuse_overlap(path, result);
  return result;
}

}  // namespace ltx::io
