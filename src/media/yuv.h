// 8-bit RGB frames in host memory to I420 (spec 07 §9.1), for frames that no longer are tensors.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace ltx::media {

/// BT.709, limited range, fp32, 2×2 mean for chroma, rounded to the nearest code. `rgb` is [height, width,
/// 3], the result height * 3 / 2 rows of width bytes: Y, U, V. Throws InvalidArgument for odd sizes.
std::vector<uint8_t> rgb8_to_i420(std::span<const uint8_t> rgb, int width, int height);

}  // namespace ltx::media
