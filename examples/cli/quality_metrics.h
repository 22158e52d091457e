// How far two clips are apart.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cli {

/// Frames of 8-bit RGB, tight.
struct picture_set {
  int width = 0, height = 0, count = 0;
  std::vector<uint8_t> pixels;

  const uint8_t* frame(int i) const {
    return pixels.data() +
           static_cast<size_t>(i) * static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  }
};

/// ‖a − b‖ / ‖b‖ over equally many values.
double relative_l2(const std::vector<float>& a, const std::vector<float>& b);

/// dB over all frames, infinite for equal ones; the peak is 255.
double psnr(const picture_set& a, const picture_set& b);

/// Structural similarity of the luma, mean over windows of 8 × 8 pixels, every 4th of them, and frames (Wang
/// et al. 2004, constants 0.01 and 0.03).
double ssim(const picture_set& a, const picture_set& b);

/// dB of signal over difference, infinite for equal samples.
double snr(const std::vector<float>& a, const std::vector<float>& b);

/// F32 tensors of a safetensors file. Throws std::runtime_error.
std::map<std::string, std::vector<float>> read_floats(const std::string& path);

}  // namespace cli
