// A picture as the prompt enhancer looks at it (spec 03 §8.4, 07 §5.7).
#pragma once
#include <ATen/ATen.h>

#include <utility>

#include "media/image.h"

namespace ltx::pipelines {

/// Height and width that a picture has before the model's square: the long side 896, the other in proportion,
/// both truncated as in the reference and at least 1.
std::pair<int64_t, int64_t> enhancer_size(int64_t height, int64_t width);

/// [1, 3, size, size] fp32 in [−1, 1], on the CPU whatever the device, so that all look at the same picture:
/// enhancer_size with a centre crop, then the model's square without regard to the aspect ratio, each
/// rounded to 8 bits.
at::Tensor enhancer_pixels(const media::Image& image, int64_t size);

}  // namespace ltx::pipelines
