// How far a decode of the video VAE is from the plain sum of its convolutions, and which way to convolve is
// fastest here.
//
//   vae_decode [base width = 32] [latent frames = 3] [latent rows = 4] [latent columns = 6] [f32|bf16]
//
// The network is LTX-2.3's block list at the given width (released: 128). One line per distinct convolution:
// calls, GFLOP of all of them, and GFLOP/s of one call in the three ways that were considered; then the sum
// against the decode, in the same run.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "models/video_vae/decoder.h"
#include "models/video_vae/resample.h"
#include "weights/store.h"

namespace {

using namespace ltx;

constexpr const char* kConfig =
    R"({"latent_channels": 128, "timestep_conditioning": false, "spatial_padding_mode": "zeros",
  "decoder_blocks": [["res_x", 4], ["compress_space", {"multiplier": 2}], ["res_x", 6], ["compress_time", {"multiplier": 2}],
                     ["res_x", 4], ["compress_all", {"multiplier": 1}], ["res_x", 2], ["compress_all", {"multiplier": 2}],
                     ["res_x", 2]]})";

/// One convolution of the network and the grid that it runs on.
struct Call {
  int64_t in, out, frames, rows, columns;
  bool operator<(const Call& other) const {
    return std::tie(in, out, frames, rows, columns) <
           std::tie(other.in, other.out, other.frames, other.rows, other.columns);
  }
  double gflop() const { return 2e-9 * 27 * static_cast<double>(in * out * frames * rows * columns); }
};

/// Random weights for the block list, and the convolutions of a decode of the given grid.
class Network {
 public:
  Network(const video_vae::DecoderConfig& config, int64_t frames, int64_t rows, int64_t columns)
      : frames_(frames), rows_(rows), columns_(columns) {
    int64_t width = config.base_channels;
    for (const auto& block : config.blocks) width *= block.name == "res_x" ? 1 : block.multiplier.value_or(1);
    conv("conv_in", config.latent_channels, width);
    for (size_t i = 0; i < config.blocks.size(); ++i)
      width = block("up_blocks." + std::to_string(i), config.blocks[config.blocks.size() - 1 - i], width);
    conv("conv_out", width, 3 * config.patch_size * config.patch_size);
    tensors_["per_channel_statistics.mean-of-means"] = at::zeros({config.latent_channels});
    tensors_["per_channel_statistics.std-of-means"] = at::ones({config.latent_channels});
  }
  const std::map<Call, int64_t>& calls() const { return calls_; }
  quant::Source source(at::ScalarType dtype) const {
    return {weights::View(std::make_shared<weights::MemoryStore>(tensors_)), at::kCPU, dtype};
  }

 private:
  void conv(const std::string& name, int64_t in, int64_t out) {
    tensors_[name + ".conv.weight"] =
        at::randn({out, in, 3, 3, 3}) / std::sqrt(27.0 * static_cast<double>(in));
    tensors_[name + ".conv.bias"] = at::zeros({out});
    ++calls_[{in, out, frames_, rows_, columns_}];
  }
  /// Returns the width after the block.
  int64_t block(const std::string& name, const video_vae::BlockConfig& config, int64_t width) {
    if (config.name == "res_x") {
      for (int64_t i = 0; i < config.num_layers; ++i)
        for (const std::string which : {"conv1", "conv2"})
          conv(name + ".res_blocks." + std::to_string(i) + "." + which, width, width);
      return width;
    }
    const auto cell = video_vae::cell_of(config.name);
    const int64_t out = width / config.multiplier.value_or(1);
    conv(name + ".conv", width, out * cell[0] * cell[1] * cell[2]);
    if (cell[0] == 2) frames_ = 2 * frames_ - 1;
    rows_ *= cell[1];
    columns_ *= cell[2];
    return out;
  }

  std::map<std::string, at::Tensor> tensors_;
  std::map<Call, int64_t> calls_;
  int64_t frames_, rows_, columns_;
};

/// Seconds of the fastest of a few runs.
template <class Work>
double seconds(Work&& work) {
  double best = 1e30;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

/// A convolution over time as the sum of three over space, each frame being an image.
at::Tensor sum_of_images(const at::Tensor& x, const std::array<at::Tensor, 3>& taps, int64_t frames) {
  const auto images = x.select(0, 0).transpose(0, 1);
  at::Tensor sum;
  for (size_t k = 0; k < 3; ++k) {
    const auto part = at::conv2d(images.narrow(0, static_cast<int64_t>(k), frames), taps[k], {}, 1, 1);
    sum = sum.defined() ? sum.add_(part) : part;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, int64_t fallback) { return argc > i ? std::atoll(argv[i]) : fallback; };
  const auto dtype = argc > 5 && std::strcmp(argv[5], "bf16") == 0 ? at::kBFloat16 : at::kFloat;
  const at::NoGradGuard no_grad;
  auto config = video_vae::DecoderConfig::parse(nlohmann::json::parse(kConfig), "bench");
  config.base_channels = number(1, 32);
  const int64_t frames = number(2, 3), rows = number(3, 4), columns = number(4, 6);
  const Network network(config, frames, rows, columns);
  const video_vae::VideoDecoder decoder(network.source(dtype), config);
  const auto latent = at::randn({1, config.latent_channels, frames, rows, columns}, at::kFloat).to(dtype);
  std::printf("%d threads, %s\n\n", at::get_num_threads(), c10::toString(dtype));

  std::printf("%5s %5s %5s %5s %5s  calls   GFLOP   GFLOP/s: as used  contiguous  sum of images\n", "in",
              "out", "T", "H", "W");
  double sum = 0, gflop = 0;
  for (const auto& [call, count] : network.calls()) {
    const auto [in, out, f, h, w] = call;
    const auto x = at::randn({1, in, f + 2, h, w}).to(dtype).contiguous(at::MemoryFormat::ChannelsLast3d);
    nn::Conv3dWeights weights;
    weights.weight = at::randn({out, in, 3, 3, 3}).to(dtype).contiguous(at::MemoryFormat::ChannelsLast3d);
    weights.bias = at::zeros({out}, dtype);
    const auto plain = x.contiguous(), plain_weight = weights.weight.contiguous();
    std::array<at::Tensor, 3> taps;
    for (size_t k = 0; k < 3; ++k)
      taps[k] = weights.weight.select(2, static_cast<int64_t>(k)).contiguous(at::MemoryFormat::ChannelsLast);
    const double used = seconds([&] { nn::conv3d(x, weights, {1, 1, 1}, {0, 1, 1}); });
    const double contiguous = seconds([&] { at::conv3d(plain, plain_weight, weights.bias, 1, {0, 1, 1}); });
    const double images = seconds([&] { sum_of_images(x, taps, call.frames); });
    const double one = call.gflop();
    std::printf("%5ld %5ld %5ld %5ld %5ld  %5ld %7.2f  %17.1f  %10.1f  %13.1f\n", long(in), long(out),
                long(f), long(h), long(w), long(count), one * static_cast<double>(count), one / used,
                one / contiguous, one / images);
    sum += used * static_cast<double>(count);
    gflop += one * static_cast<double>(count);
  }
  const double decode = seconds([&] { decoder.decode(latent); });
  std::printf("\ndecode %.3f s, its convolutions alone %.3f s: x%.2f (%.1f GFLOP, %.1f GFLOP/s)\n", decode,
              sum, decode / sum, gflop, gflop / decode);
  return 0;
}
