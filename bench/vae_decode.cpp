// A decode of the video VAE against the plain sum of its convolution calls at the same shapes, in the same
// run; and for every distinct convolution the way that is used against the two others that were considered.
//
//   vae_decode [base width = 32] [latent frames = 3] [latent rows = 4] [latent columns = 6] [f32|bf16]
//
// The network is LTX-2.3's block list at the given width (released: 128).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "bench/timing.h"
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
  std::vector<std::function<void()>> plain;
  double gflop = 0;
  for (const auto& entry : network.calls()) {
    const Call call = entry.first;
    const int64_t count = entry.second;
    const auto x = at::randn({1, call.in, call.frames + 2, call.rows, call.columns})
                       .to(dtype)
                       .contiguous(at::MemoryFormat::ChannelsLast3d);
    nn::Conv3dWeights weights;
    const auto weight =
        at::randn({call.out, call.in, 3, 3, 3}).to(dtype).contiguous(at::MemoryFormat::ChannelsLast3d);
    weights.weight = quant::ConvWeight(weight);
    weights.bias = at::zeros({call.out}, dtype);
    std::array<at::Tensor, 3> taps;
    for (size_t k = 0; k < 3; ++k)
      taps[k] = weight.select(2, static_cast<int64_t>(k)).contiguous(at::MemoryFormat::ChannelsLast);
    const auto contiguous = x.contiguous(), contiguous_weight = weight.contiguous();

    const auto used = [=] { nn::conv3d(x, weights, {1, 1, 1}, {0, 1, 1}); };
    const auto name =
        fmt::format("vae_conv3d {}->{} {}x{}x{}", call.in, call.out, call.frames, call.rows, call.columns);
    const auto extra = fmt::format(", \"calls\": {}, \"gflop\": {:.3f}", count, call.gflop());
    bench::report(name,
                  bench::compare(3, used,
                                 [&] {
                                   at::conv3d(contiguous, contiguous_weight, weights.bias, 1, {0, 1, 1});
                                 }),
                  "at::conv3d, contiguous", extra);
    bench::report(name, bench::compare(3, used, [&] { sum_of_images(x, taps, call.frames); }),
                  "three at::conv2d", extra);
    for (int64_t i = 0; i < count; ++i) plain.push_back(used);
    gflop += call.gflop() * static_cast<double>(count);
  }
  const auto result = bench::compare(
      5, [&] { decoder.decode(latent); },
      [&] {
        for (const auto& convolution : plain) convolution();
      });
  bench::report("vae_decode", result, "its convolutions alone",
                fmt::format(", \"gflop_per_second\": {:.1f}, \"threads\": {}", gflop / result.subject,
                            at::get_num_threads()));
  return 0;
}
