#include "latents/patchify.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace ltx::latents {
namespace {

void check(bool good, const char* what, const at::Tensor& tensor, const std::string& expected) {
  if (!good)
    fail(Status::TensorMismatch, "{} has shape [{}], expected {}. Pass a tensor of that shape.", what,
         fmt::join(tensor.sizes(), ", "), expected);
}

}  // namespace

at::Tensor patchify_video(const at::Tensor& latent, int64_t patch_size) {
  const int64_t p = patch_size;
  check(p >= 1 && latent.dim() == 5 && latent.size(3) % p == 0 && latent.size(4) % p == 0, "the video latent",
        latent, fmt::format("[B, C, F, H, W] with H and W divisible by {}", p));
  const auto s = latent.sizes();
  return latent.reshape({s[0], s[1], s[2], s[3] / p, p, s[4] / p, p})
      .permute({0, 2, 3, 5, 1, 4, 6})
      .reshape({s[0], s[2] * (s[3] / p) * (s[4] / p), s[1] * p * p});
}

at::Tensor unpatchify_video(const at::Tensor& tokens, const VideoShape& shape, int64_t patch_size) {
  const int64_t p = patch_size, h = shape.height / p, w = shape.width / p;
  check(tokens.dim() == 3 && tokens.size(0) == shape.batch && h * p == shape.height && w * p == shape.width &&
            tokens.size(1) == shape.frames * h * w && tokens.size(2) == shape.channels * p * p,
        "the video tokens", tokens,
        fmt::format("[{}, {}, {}]", shape.batch, shape.frames * h * w, shape.channels * p * p));
  return tokens.reshape({shape.batch, shape.frames, h, w, shape.channels, p, p})
      .permute({0, 4, 1, 2, 5, 3, 6})
      .reshape(shape.sizes());
}

at::Tensor patchify_audio(const at::Tensor& latent) {
  check(latent.dim() == 4, "the audio latent", latent, "[B, C, T, M]");
  return latent.transpose(1, 2).reshape({latent.size(0), latent.size(2), latent.size(1) * latent.size(3)});
}

at::Tensor unpatchify_audio(const at::Tensor& tokens, const AudioShape& shape) {
  check(tokens.dim() == 3 && tokens.size(0) == shape.batch && tokens.size(1) == shape.frames &&
            tokens.size(2) == shape.channels * shape.mel_bins,
        "the audio tokens", tokens,
        fmt::format("[{}, {}, {}]", shape.batch, shape.frames, shape.channels * shape.mel_bins));
  return tokens.reshape({shape.batch, shape.frames, shape.channels, shape.mel_bins})
      .transpose(1, 2)
      .contiguous();
}

}  // namespace ltx::latents
