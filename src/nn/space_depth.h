// Moving pixels of a cell into channels and back (spec 04 §3.6, §3.7, §8.1).
#pragma once
#include "nn/conv3d.h"

namespace ltx::nn {

/// [B, C, d·p1, h·p2, w·p3] -> [B, C·p1·p2·p3, d, h, w]; channel ((c·p1 + i1)·p2 + i2)·p3 + i3. Channels-last
/// memory.
at::Tensor space_to_depth(const at::Tensor& x, Triple cell);

/// The inverse.
at::Tensor depth_to_space(const at::Tensor& x, Triple cell);

}  // namespace ltx::nn
