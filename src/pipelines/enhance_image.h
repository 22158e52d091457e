// A picture as the prompt enhancer looks at it (spec 03 §8.4, 07 §5.7).
#pragma once
#include <ATen/ATen.h>

#include "media/image.h"

namespace ltx::pipelines {

/// [1, 3, size, size] fp32 in [−1, 1], on the CPU whatever the device, so that all look at the same picture:
/// long side to 896 pixels, centre crop, then the model's square without regard to the aspect ratio, each
/// rounded to 8 bits.
at::Tensor enhancer_pixels(const media::Image& image, int64_t size);

}  // namespace ltx::pipelines
