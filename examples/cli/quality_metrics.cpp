#include "quality_metrics.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace cli {
namespace {

double luma(const uint8_t* rgb) {
  return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

double ssim_of_window(const uint8_t* a, const uint8_t* b, size_t row, int side) {
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const size_t at = static_cast<size_t>(y) * row + static_cast<size_t>(x) * 3;
      const double u = luma(a + at), v = luma(b + at);
      mean_a += u, mean_b += v, aa += u * u, bb += v * v, ab += u * v;
    }
  const double n = side * side;
  mean_a /= n, mean_b /= n;
  const double var_a = aa / n - mean_a * mean_a, var_b = bb / n - mean_b * mean_b;
  const double covariance = ab / n - mean_a * mean_b;
  constexpr double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
  return (2 * mean_a * mean_b + c1) * (2 * covariance + c2) /
         ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
}

double decibels(double signal, double noise) {
  return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}

template <class Values>
double squared_distance(const Values& a, const Values& b) {
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

double energy(const std::vector<float>& values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v) * v;
  return sum;
}

}  // namespace

double relative_l2(const std::vector<float>& a, const std::vector<float>& b) {
  const double norm = energy(b);
  return norm == 0 ? std::sqrt(energy(a)) : std::sqrt(squared_distance(a, b) / norm);
}

double psnr(const picture_set& a, const picture_set& b) {
  const double mean = squared_distance(a.pixels, b.pixels) / static_cast<double>(b.pixels.size());
  return decibels(255.0 * 255.0, mean);
}

double ssim(const picture_set& a, const picture_set& b) {
  const int side = std::min({8, a.width, a.height}), step = 4;
  const size_t row = static_cast<size_t>(a.width) * 3;
  double sum = 0;
  size_t windows = 0;
  for (int i = 0; i < std::min(a.count, b.count); ++i)
    for (int y = 0; y + side <= a.height; y += step)
      for (int x = 0; x + side <= a.width; x += step, ++windows) {
        const size_t at = static_cast<size_t>(y) * row + static_cast<size_t>(x) * 3;
        sum += ssim_of_window(a.frame(i) + at, b.frame(i) + at, row, side);
      }
  return windows == 0 ? 0 : sum / static_cast<double>(windows);
}

double snr(const std::vector<float>& a, const std::vector<float>& b) {
  return decibels(energy(b), squared_distance(a, b));
}

std::map<std::string, std::vector<float>> read_floats(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  uint64_t length = 0;
  if (bytes.size() < sizeof length) throw std::runtime_error("'" + path + "' is no safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  const size_t begin = sizeof length + length;
  if (length > bytes.size() || begin > bytes.size())
    throw std::runtime_error("'" + path + "' is no safetensors file");
  const auto header = nlohmann::json::parse(bytes.data() + sizeof length, bytes.data() + begin);
  std::map<std::string, std::vector<float>> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const size_t from = begin + entry["data_offsets"][0].get<size_t>();
    const size_t to = begin + entry["data_offsets"][1].get<size_t>();
    if (entry["dtype"] != "F32" || from > to || to > bytes.size())
      throw std::runtime_error("'" + path + "': tensor '" + name + "' is not readable as F32");
    auto& values = tensors[name];
    values.resize((to - from) / sizeof(float));
    std::memcpy(values.data(), bytes.data() + from, values.size() * sizeof(float));
  }
  return tensors;
}

}  // namespace cli
