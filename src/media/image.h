// Still images (spec 07 §8.1): files to RGB, the H.264 pass of image conditions, PNG, contact sheets.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/monitor.h"

namespace ltx::media {

/// 8-bit RGB, [height, width, 3], top row first.
struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;

  Image() = default;
  Image(int width, int height);                            // black
  Image(int width, int height, std::vector<uint8_t> rgb);  // throws InvalidArgument if the sizes do not fit
};

enum class Holding;  // orientation.h

/// First picture of an image file: EXIF orientation applied, alpha dropped, grey and palette expanded, an
/// embedded colour profile converted to sRGB (a profile that cannot be used is logged and ignored). Throws
/// FileNotFound, FileAccess, FileFormat (not an image), MediaDecode, NotBuilt.
Image read_image(const std::filesystem::path& path, Monitor& monitor = Monitor::silent(),
                 Holding holding = Holding{});

/// What a condition image looks like after one H.264 frame of this CRF, cut to even size. CRF 0 and sides
/// below 2 pixels return the image unchanged. Throws InvalidArgument if the CRF is outside 0–51.
Image recompressed(const Image& image, int crf);

/// The same with the I420 pictures before and after, [height * 3 / 2, width].
struct Recompression {
  Image image;
  std::vector<uint8_t> i420_in, i420_out;
};
Recompression recompress(const Image& image, int crf);

/// Written under a temporary name and renamed.
void write_png(const std::filesystem::path& path, const Image& image);

/// Which `count` of `frame_count` frames a contact sheet shows: evenly spaced, first and last included.
std::vector<int64_t> contact_sheet_frames(int64_t frame_count, int64_t count);

/// Pictures of one size in rows of `columns`, `gap` pixels of dark grey between and around them; each picture
/// is shrunk by the smallest whole factor that makes it at most `max_width` wide.
Image contact_sheet(std::span<const Image> images, int columns, int gap = 4, int max_width = 480);

}  // namespace ltx::media
