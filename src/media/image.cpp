#include "media/image.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "media/exif.h"
#include "media/module.h"
#include "media/orientation.h"

namespace ltx::media {

Image::Image(int width_, int height_)
    : Image(width_, height_,
            std::vector<uint8_t>(static_cast<size_t>(std::max(width_, 0)) * std::max(height_, 0) * 3)) {}

Image::Image(int width_, int height_, std::vector<uint8_t> rgb_)
    : width(width_), height(height_), rgb(std::move(rgb_)) {
  if (width < 1 || height < 1 || rgb.size() != static_cast<size_t>(width) * height * 3)
    fail(Status::InvalidArgument,
         "an RGB image of {}x{} pixels has {} bytes, not {}. Give width * height * 3 bytes and sizes of at "
         "least 1.",
         width, height, int64_t{3} * width * height, rgb.size());
}

Image read_image(const std::filesystem::path& path, Monitor& monitor, Holding holding) {
  monitor.checkpoint();
  const auto& media = module();
  InputFile file(path);
  std::vector<std::byte> bytes(file.size());
  size_t filled = 0;
  while (filled < bytes.size()) {
    const size_t count = file.read(std::span(bytes).subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  bytes.resize(filled);
  file.seek(0);
  FileDoor door(file);
  ltx_media_image decoded{};
  door.call(media.image_decode, door.callbacks(), &decoded);
  const std::unique_ptr<uint8_t, void (*)(void*)> owner(decoded.rgb, media.free_buffer);
  if (decoded.warning[0])
    monitor.log(LogLevel::Warning, "media",
                fmt::format("{}: {}; its colours are taken as sRGB", path.string(), decoded.warning));
  Image image(decoded.width, decoded.height,
              {decoded.rgb, decoded.rgb + static_cast<size_t>(decoded.width) * decoded.height * 3});
  return oriented(std::move(image), still_orientation(exif_orientation(bytes), holding));
}

Recompression recompress(const Image& image, int crf) {
  if (crf < 0 || crf > 51)
    fail(Status::InvalidArgument,
         "an image condition's CRF is {}, outside 0 to 51. Use 0 for none, 33 as a rule.", crf);
  if (crf == 0 || image.width < 2 || image.height < 2) return {image, {}, {}};
  const int width = image.width & ~1, height = image.height & ~1;
  Image even(width, height);
  for (int y = 0; y < height; ++y)
    std::copy_n(image.rgb.data() + static_cast<size_t>(y) * image.width * 3, 3 * width,
                even.rgb.data() + static_cast<size_t>(y) * width * 3);
  const size_t i420_size = static_cast<size_t>(width) * height * 3 / 2;
  Recompression result{Image(width, height), std::vector<uint8_t>(i420_size),
                       std::vector<uint8_t>(i420_size)};
  ltx_media_error error{};
  const int32_t code = module().image_recompress(even.rgb.data(), width, height, crf, result.image.rgb.data(),
                                                 result.i420_in.data(), result.i420_out.data(), &error);
  if (code != LTX_MEDIA_OK) fail_media(code, "compression of an image condition", error.message);
  return result;
}

Image recompressed(const Image& image, int crf) {
  return recompress(image, crf).image;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  const auto& media = module();
  io::AtomicFile file(path);
  FileDoor door(file);
  door.call(media.image_encode_png, door.callbacks(), image.rgb.data(), image.width, image.height);
  file.commit();
}

std::vector<int64_t> contact_sheet_frames(int64_t frame_count, int64_t count) {
  count = std::min(count, frame_count);
  std::vector<int64_t> frames;
  for (int64_t i = 0; i < count; ++i)
    frames.push_back(count == 1 ? 0 : (i * (frame_count - 1) + (count - 1) / 2) / (count - 1));
  return frames;
}

namespace {

/// Mean over blocks of factor × factor pixels; a remainder at the right and bottom is cut.
Image shrunk(const Image& image, int factor) {
  Image small(image.width / factor, std::max(1, image.height / factor));
  const int block = factor * factor;
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x)
      for (int c = 0; c < 3; ++c) {
        int sum = 0, count = 0;
        for (int dy = 0; dy < factor && y * factor + dy < image.height; ++dy)
          for (int dx = 0; dx < factor; ++dx, ++count)
            sum += image.rgb[3 * (static_cast<size_t>(y * factor + dy) * image.width + x * factor + dx) + c];
        small.rgb[3 * (static_cast<size_t>(y) * small.width + x) + c] =
            static_cast<uint8_t>((sum + std::min(block, count) / 2) / count);
      }
  return small;
}

}  // namespace

Image contact_sheet(std::span<const Image> images, int columns, int gap, int max_width) {
  if (images.empty() || columns < 1 || gap < 0 || max_width < 1)
    fail(Status::InvalidArgument, "a contact sheet of {} images in {} columns. Give at least one of each.",
         images.size(), columns);
  const int factor = (images[0].width + max_width - 1) / max_width;
  const int cell_width = images[0].width / factor, cell_height = std::max(1, images[0].height / factor);
  columns = std::min<int>(columns, static_cast<int>(images.size()));
  const int rows = static_cast<int>((images.size() + columns - 1) / columns);
  Image sheet(columns * (cell_width + gap) + gap, rows * (cell_height + gap) + gap);
  constexpr uint8_t kDarkGrey = 32;
  std::fill(sheet.rgb.begin(), sheet.rgb.end(), kDarkGrey);
  for (size_t i = 0; i < images.size(); ++i) {
    if (images[i].width != images[0].width || images[i].height != images[0].height)
      fail(Status::InvalidArgument,
           "image {} of a contact sheet has {}x{} pixels, the first has {}x{}. Give images of one size.", i,
           images[i].width, images[i].height, images[0].width, images[0].height);
    const Image cell = shrunk(images[i], factor);
    const int left = gap + static_cast<int>(i) % columns * (cell_width + gap);
    const int top = gap + static_cast<int>(i) / columns * (cell_height + gap);
    for (int y = 0; y < cell_height; ++y)
      std::copy_n(cell.rgb.data() + static_cast<size_t>(y) * cell_width * 3, 3 * cell_width,
                  sheet.rgb.data() + 3 * (static_cast<size_t>(top + y) * sheet.width + left));
  }
  return sheet;
}

}  // namespace ltx::media
