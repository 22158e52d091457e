// How a picture is to be held: what EXIF and a film's display matrix say.
#pragma once
#include "media/image.h"

namespace ltx::media {

/// AsShown: turned and mirrored as the file says. Reference: as the public reference reads it: stills are
/// turned but never mirrored, films stay as they are stored (spec 07 §8.1, §8.2).
enum class Holding { AsShown, Reference };

/// By the numbers of EXIF: 1 as it is, 2 mirrored left to right, 3 half a turn, 4 mirrored top to bottom, 5
/// transposed, 6 a quarter turn clockwise, 7 transposed across the other diagonal, 8 a quarter turn the other
/// way. Any other number is 1.
Image oriented(Image image, int orientation);

/// Whether width and height change places.
inline bool swaps_sides(int orientation) {
  return orientation >= 5 && orientation <= 8;
}

/// The orientation of a still that a reading honours.
int still_orientation(int exif_orientation, Holding holding);

}  // namespace ltx::media
