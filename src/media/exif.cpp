#include "media/exif.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ltx::media {
namespace {

using namespace std::string_view_literals;

uint64_t number(std::string_view bytes, size_t offset, int size, bool big_endian) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[offset + i]))
             << 8 * (big_endian ? size - 1 - i : i);
  return value;
}

/// The orientation of a TIFF structure (EXIF 2.32 §4.6): tag 0x0112, type SHORT, in the first directory.
int tiff_orientation(std::string_view tiff) {
  if (tiff.starts_with("Exif\0\0"sv)) tiff.remove_prefix(6);
  const bool big = tiff.starts_with("MM\0*"sv);
  if (tiff.size() < 8 || (!big && !tiff.starts_with("II*\0"sv))) return 1;
  const size_t directory = number(tiff, 4, 4, big);
  if (directory + 2 > tiff.size()) return 1;
  const size_t entries = number(tiff, directory, 2, big);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) return 1;
    if (number(tiff, entry, 2, big) != 0x0112) continue;
    const auto value = number(tiff, entry + 8, 2, big);
    return number(tiff, entry + 2, 2, big) == 3 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// The APP1 segment that starts with "Exif".
std::string_view jpeg_exif(std::string_view file) {
  for (size_t at = 2; at + 4 <= file.size() && file[at] == '\xff';) {
    const auto marker = static_cast<unsigned char>(file[at + 1]);
    if (marker == 0xff) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) return {};  // the picture begins: no more segments of interest
    const size_t length = number(file, at + 2, 2, true);
    if (length < 2 || at + 2 + length > file.size()) return {};
    const auto body = file.substr(at + 4, length - 2);
    if (marker == 0xe1 && body.starts_with("Exif\0\0"sv)) return body;
    at += 2 + length;
  }
  return {};
}

/// Chunks of a fixed header layout: PNG has length, name, data, checksum; RIFF has name, length, data,
/// padding to even.
std::string_view chunk(std::string_view file, size_t begin, std::string_view name, bool png) {
  for (size_t at = begin; at + 8 <= file.size();) {
    const size_t length = number(file, png ? at : at + 4, 4, png);
    if (length > file.size() - at - 8) return {};
    if (file.substr(png ? at + 4 : at, 4) == name) return file.substr(at + 8, length);
    at += 8 + length + (png ? 4 : length % 2);
  }
  return {};
}

}  // namespace

int exif_orientation(std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (file.starts_with("\xff\xd8"sv)) return tiff_orientation(jpeg_exif(file));
  if (file.starts_with("\x89PNG\r\n\x1a\n"sv)) return tiff_orientation(chunk(file, 8, "eXIf"sv, true));
  if (file.starts_with("RIFF"sv) && file.size() >= 12 && file.substr(8, 4) == "WEBP"sv)
    return tiff_orientation(chunk(file, 12, "EXIF"sv, false));
  return tiff_orientation(file);
}

}  // namespace ltx::media
