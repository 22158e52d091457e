// The tiling that a pipeline chooses when nobody says otherwise (spec 04 §6.4, 04b §7.2).
#pragma once
#include <string_view>

#include "models/video_vae/tiling.h"

namespace ltx::video_vae {

/// For the convolutional decoder: 80 frames with 24 in common, and the longer side in tiles of 768 pixels.
TileSizes auto_conv_tiling(int64_t height, int64_t width);

/// How the diffusion decoder runs; decides how much memory its last stage needs.
enum class DiffusionMode { CombinedCompile, ChunkedCompile, ChunkedEager, BlackwellDsl };

/// "combined_compile", "chunked_compile", "chunked_eager", "blackwell_dsl"; throws InvalidArgument for any
/// other name.
DiffusionMode diffusion_mode_named(std::string_view name);

struct DiffusionBudget {
  int64_t free_bytes = 0;    // device memory that may be used
  int64_t weight_bytes = 0;  // of the decoder, statistics included
  DiffusionMode mode = DiffusionMode::ChunkedEager;
};

/// For LTX-2.5's diffusion decoder: the tiles with the least recomputed volume that fit. Throws
/// OutOfDeviceMemory if none do.
TileSizes auto_diffusion_tiling(int64_t height, int64_t width, int64_t frames, const DiffusionBudget& budget);

}  // namespace ltx::video_vae
