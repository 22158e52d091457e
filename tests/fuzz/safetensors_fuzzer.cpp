// Any bytes, read as a checkpoint: header, metadata, config sections, versions, names and kinds. Whatever the
// bytes are, the result is a value or an Error; what a valid header promises is checked.
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "weights/component.h"
#include "weights/lora_keys.h"
#include "weights/metadata.h"
#include "weights/model_version.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void read_metadata(const ltx::io::TensorTable& header) {
  const ltx::weights::Metadata metadata(header.metadata, "fuzz");
  for (const auto& [key, value] : metadata.raw()) {
    metadata.value(key);
    require(ltx::io::is_utf8(metadata.text(key)));
  }
  metadata.pairing_version();
  ltx::weights::version_defaults(metadata.model_version());
  for (const auto component : ltx::weights::all_components()) {
    const auto section = ltx::weights::config_section(component);
    if (section.empty()) continue;
    try {
      require(metadata.section(section).is_null() || metadata.section(section).is_object());
    } catch (const ltx::Error& error) {
      require(error.status() == ltx::Status::ModelConfig);
    }
  }
}

void read_file(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  ltx::io::TensorTable header;
  try {
    header = ltx::io::read_safetensors_header(bytes, "fuzz");
  } catch (const ltx::Error& error) {
    require(error.status() == ltx::Status::FileCorrupt || error.status() == ltx::Status::FileFormat);
    return;
  }
  require(header.data_begin <= size);
  uint64_t sum = 0;
  for (const auto& [name, entry] : header.tensors) {
    require(ltx::io::is_utf8(name));
    require(entry.begin <= entry.end && entry.end <= size - header.data_begin);
    // Every byte that a reader would touch lies in the file.
    for (const auto byte : bytes.subspan(header.data_begin + entry.begin, entry.end - entry.begin))
      sum += static_cast<uint64_t>(byte);
    ltx::weights::read_lora_key(name);
  }
  static volatile uint64_t sink;
  sink = sum;
  read_metadata(header);
}

void read_text(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  nlohmann::json value;
  std::string reason;
  if (ltx::io::try_parse_json(text, value, reason))
    require(ltx::io::is_utf8(text) && ltx::io::is_utf8(value.dump()));
  else
    require(!reason.empty());
  ltx::weights::parse_version(text);
  ltx::weights::read_lora_key(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_file(data, size);
  // The header's text alone, and the same bytes as the header of a file that is long enough, get past the
  // length field.
  read_text(data, size);
  if (size > 0 && size < (1u << 20)) {
    std::string whole(8, '\0');
    const uint64_t length = size;
    std::memcpy(whole.data(), &length, 8);
    whole.append(reinterpret_cast<const char*>(data), size);
    whole.append(64, '\0');
    read_file(reinterpret_cast<const uint8_t*>(whole.data()), whole.size());
  }
  return 0;
}
