#include "media/orientation.h"

#include <algorithm>

namespace ltx::media {

Image oriented(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool swap = swaps_sides(orientation);
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image turned(swap ? image.height : image.width, swap ? image.width : image.height);
  const int64_t w = image.width, h = image.height;
  uint8_t* out = turned.rgb.data();
  for (int64_t y = 0; y < turned.height; ++y)
    for (int64_t x = 0; x < turned.width; ++x, out += 3) {
      const int64_t along_x = swap ? y : x, along_y = swap ? x : y;
      const int64_t from_x = flip_x ? w - 1 - along_x : along_x, from_y = flip_y ? h - 1 - along_y : along_y;
      std::copy_n(image.rgb.data() + 3 * (from_y * w + from_x), 3, out);
    }
  return turned;
}

int still_orientation(int exif_orientation, Holding holding) {
  const bool turn = exif_orientation == 3 || exif_orientation == 6 || exif_orientation == 8;
  return holding == Holding::AsShown || turn ? exif_orientation : 1;
}

}  // namespace ltx::media
