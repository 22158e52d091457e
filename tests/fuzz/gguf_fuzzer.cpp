// Any bytes, read as a GGUF file: the result is a table whose every byte lies in the file, or an Error.
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "io/gguf.h"
#include "io/json.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void read_file(std::span<const std::byte> bytes) {
  ltx::io::TensorTable table;
  try {
    table = ltx::io::read_gguf_header(bytes, "fuzz");
  } catch (const ltx::Error& error) {
    require(error.status() == ltx::Status::FileCorrupt || error.status() == ltx::Status::FileFormat);
    return;
  }
  require(table.data_begin <= bytes.size());
  for (const auto& [key, value] : table.metadata) require(ltx::io::is_utf8(key) && ltx::io::is_utf8(value));
  uint64_t sum = 0;
  for (const auto& [name, entry] : table.tensors) {
    require(ltx::io::is_utf8(name));
    require(entry.begin <= entry.end && entry.end <= bytes.size() - table.data_begin);
    for (const auto byte : bytes.subspan(table.data_begin + entry.begin, entry.end - entry.begin))
      sum += static_cast<uint64_t>(byte);
    const auto* type = ltx::io::gguf_type_named(entry.dtype);
    require(type != nullptr || entry.begin == entry.end);
    if (!type) continue;
    uint64_t elements = 1;
    for (const auto extent : entry.shape) elements *= static_cast<uint64_t>(extent);
    require(elements / type->elements * type->bytes == entry.end - entry.begin);
  }
  static volatile uint64_t sink;
  sink = sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  read_file(bytes);
  // The same bytes behind magic, version and small counts, so that keys and tensors are reached at once.
  if (size >= 2) {
    std::string file("GGUF\3\0\0\0", 8);
    for (const uint64_t count : {static_cast<uint64_t>(data[0] % 8), static_cast<uint64_t>(data[1] % 8)})
      file.append(reinterpret_cast<const char*>(&count), 8);
    file.append(reinterpret_cast<const char*>(data) + 2, size - 2);
    read_file(std::as_bytes(std::span(file)));
  }
  return 0;
}
