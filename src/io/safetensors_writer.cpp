#include "io/safetensors_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "io/safetensors.h"

namespace ltx::io {
namespace {

uint64_t size_of(const TensorDeclaration& tensor) {
  uint64_t bits = static_cast<uint64_t>(bits_of(tensor.dtype));
  if (bits == 0)
    fail(Status::InvalidArgument,
         "tensor '{}': expected a safetensors dtype, found '{}'. Write BF16, F16 or F32.", tensor.name,
         tensor.dtype);
  for (const auto extent : tensor.shape)
    if (extent < 0 || __builtin_mul_overflow(bits, static_cast<uint64_t>(extent), &bits))
      fail(Status::InvalidArgument,
           "tensor '{}': expected dimensions whose product fits 64 bits, found {}. Check the shape.",
           tensor.name, extent);
  if (bits % 8 != 0)
    fail(Status::InvalidArgument, "tensor '{}': its {} bits are not whole bytes. Pad the last dimension.",
         tensor.name, bits);
  return bits / 8;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path,
                                     std::vector<TensorDeclaration> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(path) {
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const TensorDeclaration& a, const TensorDeclaration& b) {
                     const int wide_a = bits_of(a.dtype), wide_b = bits_of(b.dtype);
                     return wide_a != wide_b ? wide_a > wide_b : a.name < b.name;
                   });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  const auto require_utf8 = [](const std::string& text) {
    if (!is_utf8(text))
      fail(Status::InvalidArgument, "a name or metadata entry of the file is not UTF-8. Give text in UTF-8.");
  };
  if (!metadata.empty()) {
    auto& entries = header["__metadata__"] = nlohmann::ordered_json::object();
    for (const auto& [key, value] : metadata) {
      require_utf8(key);
      require_utf8(value);
      entries[key] = value;
    }
  }
  uint64_t end = 0;
  for (const auto& tensor : tensors) {
    require_utf8(tensor.name);
    const uint64_t size = size_of(tensor);
    if (tensor.name == "__metadata__" || !places_.emplace(tensor.name, Place{end, size}).second)
      fail(Status::InvalidArgument,
           "tensor '{}': expected a name of its own, found it twice or reserved. Rename the tensor.",
           tensor.name);
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {end, end + size}}};
    end += size;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  file_.write(std::as_bytes(std::span(&length, 1)));
  file_.write(std::as_bytes(std::span(text)));
  for (auto& [name, place] : places_) {
    place.begin += 8 + length;
    place.written = place.size == 0;
  }
}

void SafetensorsWriter::write(std::string_view name, std::span<const std::byte> bytes) {
  const auto found = places_.find(name);
  if (found == places_.end())
    fail(Status::InvalidArgument, "tensor '{}' was not declared. Declare every tensor that is written.",
         name);
  auto& place = found->second;
  if (bytes.size() != place.size)
    fail(Status::InvalidArgument, "tensor '{}': expected {} bytes, found {}. Write what was declared.", name,
         place.size, bytes.size());
  file_.seek(place.begin);
  file_.write(bytes);
  place.written = true;
}

void SafetensorsWriter::commit() {
  for (const auto& [name, place] : places_)
    if (!place.written)
      fail(Status::InvalidArgument, "tensor '{}' was declared and not written. Write every declared tensor.",
           name);
  file_.commit();
}

}  // namespace ltx::io
