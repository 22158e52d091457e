// The one EXIF field that matters here.
#pragma once
#include <cstddef>
#include <span>

namespace ltx::media {

/// EXIF orientation (1–8) of a JPEG, PNG, WebP or TIFF file's bytes; 1 where there is none or the data make
/// no sense.
int exif_orientation(std::span<const std::byte> file);

}  // namespace ltx::media
