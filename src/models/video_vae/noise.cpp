#include "models/video_vae/noise.h"

namespace ltx::video_vae {

NoiseSource noise_from(at::Generator generator) {
  return [generator = std::move(generator)](at::IntArrayRef shape, const at::TensorOptions& options) {
    return at::randn(shape, generator, options.device(generator.device())).to(options.device());
  };
}

}  // namespace ltx::video_vae
