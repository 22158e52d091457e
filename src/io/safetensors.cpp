#include "io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace ltx::io {
namespace {

using json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;

[[noreturn]] void corrupt(const MappedFile& file, uint64_t offset, const std::string& what) {
  fail(Status::FileCorrupt, "'{}' is not a valid safetensors file: at byte {}: {}. Download or write the file again.",
       file.path().string(), offset, what);
}

}  // namespace

int bits_of(std::string_view dtype) {
  static const std::map<std::string_view, int> bits = {
      {"F64", 64}, {"F32", 32}, {"F16", 16},     {"BF16", 16},    {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"U8", 8},
      {"I8", 8},   {"I64", 64}, {"I32", 32},     {"I16", 16},     {"U16", 16},    {"U32", 32},    {"U64", 64},    {"BOOL", 8},
      {"F4", 4},   {"C64", 64}, {"F6_E2M3", 6},  {"F6_E3M2", 6}};
  const auto found = bits.find(dtype);
  return found == bits.end() ? 0 : found->second;
}

Safetensors::Safetensors(const std::filesystem::path& path) : file_(std::make_shared<MappedFile>(path)) {
  const auto bytes = file_->bytes();
  if (bytes.size() < 8) corrupt(*file_, 0, fmt::format("expected at least 8 bytes, found {}", bytes.size()));
  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), 8);
  if (header_size == 0 || header_size > kMaxHeaderBytes)
    corrupt(*file_, 0, fmt::format("expected a header length of 1 to {}, found {}", kMaxHeaderBytes, header_size));
  if (header_size > bytes.size() - 8)
    corrupt(*file_, 0, fmt::format("the header says {} bytes, the file has {} after the length", header_size, bytes.size() - 8));
  data_begin_ = 8 + header_size;
  const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  if (*text != '{') corrupt(*file_, 8, "expected the header to begin with '{'");

  json header;
  std::vector<std::string> names;
  try {
    header = json::parse(text, text + header_size, [&](int depth, json::parse_event_t event, json& value) {
      if (depth == 1 && event == json::parse_event_t::key) names.push_back(value.get<std::string>());
      return true;
    });
  } catch (const json::exception& error) {
    corrupt(*file_, 8, fmt::format("the header is not valid JSON ({})", error.what()));
  }
  if (!header.is_object()) corrupt(*file_, 8, "the header is not a JSON object");
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    corrupt(*file_, 8, fmt::format("tensor '{}' is listed twice", *twice));

  const uint64_t data_size = bytes.size() - data_begin_;
  std::vector<std::pair<uint64_t, std::pair<uint64_t, const std::string*>>> ranges;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) corrupt(*file_, 8, "'__metadata__' is not an object");
      for (const auto& [key, item] : value.items()) {
        if (!item.is_string()) corrupt(*file_, 8, fmt::format("metadata '{}' is not a string", key));
        metadata_[key] = item.get<std::string>();
      }
      continue;
    }
    TensorEntry entry;
    const auto bad = [&](const std::string& what) { corrupt(*file_, 8, fmt::format("tensor '{}': {}", name, what)); };
    if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() || !value.contains("shape") ||
        !value["shape"].is_array() || !value.contains("data_offsets") || !value["data_offsets"].is_array() ||
        value["data_offsets"].size() != 2)
      bad("expected dtype, shape and data_offsets");
    entry.dtype = value["dtype"].get<std::string>();
    uint64_t count = 1;
    for (const auto& dim : value["shape"]) {
      if (!dim.is_number_unsigned()) bad(fmt::format("dimension {} is not a non-negative integer", dim.dump()));
      const auto extent = dim.get<uint64_t>();
      if (extent > static_cast<uint64_t>(INT64_MAX) || __builtin_mul_overflow(count, extent, &count) ||
          count > static_cast<uint64_t>(INT64_MAX) / 64)
        bad("the number of elements overflows");
      entry.shape.push_back(static_cast<int64_t>(extent));
    }
    for (const auto& offset : value["data_offsets"])
      if (!offset.is_number_unsigned()) bad(fmt::format("data offset {} is not a non-negative integer", offset.dump()));
    entry.begin = value["data_offsets"][0].get<uint64_t>();
    entry.end = value["data_offsets"][1].get<uint64_t>();
    if (entry.begin > entry.end || entry.end > data_size)
      bad(fmt::format("data_offsets [{}, {}] do not lie within the {} data bytes", entry.begin, entry.end, data_size));
    if (const int bits = bits_of(entry.dtype)) {
      if ((count * static_cast<uint64_t>(bits)) % 8 != 0 || entry.end - entry.begin != count * static_cast<uint64_t>(bits) / 8)
        bad(fmt::format("{} × {} needs {} bytes, data_offsets hold {}", entry.dtype, count,
                        count * static_cast<uint64_t>(bits) / 8, entry.end - entry.begin));
    }
    auto [place, inserted] = tensors_.emplace(name, std::move(entry));
    if (place->second.end > place->second.begin)
      ranges.push_back({place->second.begin, {place->second.end, &place->first}});
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second.first)
      corrupt(*file_, data_begin_ + ranges[i].first,
              fmt::format("tensors '{}' and '{}' overlap", *ranges[i - 1].second.second, *ranges[i].second.second));
}

const TensorEntry* Safetensors::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

std::span<const std::byte> Safetensors::data(const TensorEntry& entry) const {
  return file_->bytes().subspan(data_begin_ + entry.begin, entry.end - entry.begin);
}

}  // namespace ltx::io
