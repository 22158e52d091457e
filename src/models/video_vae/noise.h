// Where a decoder's random numbers come from: a generator, or whatever a test puts in its place.
#pragma once
#include <ATen/ATen.h>

#include <functional>

namespace ltx::video_vae {

/// Yields standard normal values of a shape, dtype and device. Called in the order of consumption: per
/// decoded tile first the latent-shaped draw, then one [H, W] plane per noise injection (spec 04 §3.5, §5).
using NoiseSource = std::function<at::Tensor(at::IntArrayRef shape, const at::TensorOptions& options)>;

/// Draws on the generator's device and moves the result.
NoiseSource noise_from(at::Generator generator);

}  // namespace ltx::video_vae
