#include "latents/frames.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace ltx::latents {

int64_t snap_frames(int64_t frames) {
  if (frames < 1) fail(Status::InvalidArgument, "the number of frames is {}. Use 1 or more.", frames);
  return (frames - 1) / 8 * 8 + 1;
}

int64_t frames_of_duration(double seconds, double frame_rate, int64_t minimum, int64_t maximum) {
  if (!std::isfinite(seconds) || !std::isfinite(frame_rate) || frame_rate <= 0)
    fail(Status::InvalidArgument,
         "{} s at {} frames per second is no duration. Use finite numbers, the rate above 0.", seconds,
         frame_rate);
  if (minimum < 1 || maximum < minimum)
    fail(Status::InvalidArgument, "the range of frame counts is {} to {}. Use 1 <= minimum <= maximum.",
         minimum, maximum);
  const double raw = std::clamp(std::nearbyint(seconds * frame_rate), static_cast<double>(minimum),
                                static_cast<double>(maximum));
  const int64_t frames = snap_frames(static_cast<int64_t>(raw));
  return frames >= minimum ? frames : std::min((minimum - 1 + 7) / 8 * 8 + 1, maximum);
}

std::vector<int64_t> evenly_spaced_keyframes(int64_t count, int64_t frames) {
  if (count < 0) fail(Status::InvalidArgument, "{} keyframes were asked for. Use 0 or more.", count);
  if (count == 0) return {};
  if (frames < count + 2)
    fail(Status::InvalidArgument, "{} keyframes do not fit between the ends of {} frames. Use at most {}.",
         count, frames, std::max<int64_t>(frames - 2, 0));
  const auto positions = at::round(at::linspace(0, frames - 1, count + 2, at::kFloat)).to(at::kLong);
  const auto* values = positions.const_data_ptr<int64_t>();
  return {values + 1, values + 1 + count};
}

std::vector<int64_t> sorted_keyframes(std::vector<int64_t> positions, int64_t frames) {
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  for (const int64_t position : positions)
    if (position < 0 || position >= frames)
      fail(Status::InvalidArgument, "keyframe position {} lies outside a clip of {} frames. Use 0 to {}.",
           position, frames, frames - 1);
  return positions;
}

at::Tensor fit_latent(const at::Tensor& latent, int64_t frames) {
  if (latent.dim() < 3 || frames < 0)
    fail(Status::InvalidArgument,
         "a latent of rank {} cannot be fitted to {} frames. Use [B, C, frames, ...].", latent.dim(), frames);
  const int64_t present = latent.size(2);
  if (present >= frames) return latent.narrow(2, 0, frames);
  auto padding = latent.sizes().vec();
  padding[2] = frames - present;
  return at::cat({latent, at::zeros(padding, latent.options())}, 2);
}

at::Tensor subsample_frames(const at::Tensor& video, int64_t factor) {
  if (factor < 1 || video.dim() != 5)
    fail(Status::InvalidArgument,
         "a video of rank {} cannot be thinned by {}. Use [B, C, F, H, W] and a factor of 1 or more.",
         video.dim(), factor);
  if (factor == 1 || video.size(2) < 2) return video;
  return at::cat({video.narrow(2, 0, 1), video.slice(2, 1, video.size(2), factor)}, 2);
}

}  // namespace ltx::latents
