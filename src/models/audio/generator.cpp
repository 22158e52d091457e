#include "models/audio/generator.h"

#include "base/error.h"

namespace ltx::audio {
namespace {

constexpr double kSlope = 0.1;
constexpr double kLastSlope =
    0.01;  // of the activation before the last convolution; not the one of the others (§9.1)

std::optional<AntiAliasedSnake> snake(GeneratorConfig::Kind kind, const quant::Source& source,
                                      at::ScalarType dtype, int64_t channels) {
  if (kind == GeneratorConfig::Kind::HifiGan) return std::nullopt;
  return AntiAliasedSnake(source, dtype, channels);
}

at::Tensor activate(const std::optional<AntiAliasedSnake>& activation, const at::Tensor& x, double slope) {
  return activation ? (*activation)(x) : at::leaky_relu(x, slope);
}

Convolution same_length(int64_t kernel, int64_t dilation = 1) {
  Convolution shape;
  shape.padding = dilation * (kernel - 1) / 2;
  shape.dilation = dilation;
  return shape;
}

Convolution upsampling(const GeneratorConfig& c, int64_t stage) {
  Convolution shape;
  shape.transposed = true;
  shape.stride = c.upsample_rates[static_cast<size_t>(stage)];
  shape.padding = c.padding(stage);
  return shape;
}

}  // namespace

ResidualBlock::ResidualBlock(const quant::Source& source, at::ScalarType dtype, GeneratorConfig::Kind kind,
                             int64_t channels, int64_t kernel, const std::array<int64_t, 3>& dilations) {
  for (int64_t n = 0; n < 3; ++n)
    steps_.push_back({snake(kind, source / "acts1" / n, dtype, channels),
                      Conv1d(source / "convs1" / n, dtype, channels, channels, kernel,
                             same_length(kernel, dilations[static_cast<size_t>(n)])),
                      snake(kind, source / "acts2" / n, dtype, channels),
                      Conv1d(source / "convs2" / n, dtype, channels, channels, kernel, same_length(kernel))});
}

at::Tensor ResidualBlock::operator()(const at::Tensor& input) const {
  auto x = input;
  for (const auto& step : steps_) {
    const auto t = step.first(activate(step.first_activation, x, kSlope));
    x = x + step.second(activate(step.second_activation, t, kSlope));
  }
  return x;
}

Generator::Generator(const quant::Source& source, at::ScalarType dtype, const GeneratorConfig& c)
    : config_(c),
      conv_pre_(source / "conv_pre", dtype, kVocoderChannels * kVocoderMelBins, c.initial_channels, 7,
                same_length(7)),
      act_post_(snake(c.kind, source / "act_post", dtype, c.channels(c.stages()))),
      conv_post_(source / "conv_post", dtype, c.channels(c.stages()), kVocoderChannels, 7, same_length(7),
                 c.final_bias) {
  const auto kernels = static_cast<int64_t>(c.resblock_kernel_sizes.size());
  for (int64_t i = 0; i < c.stages(); ++i) {
    const int64_t in = c.channels(i), out = c.channels(i + 1);
    Stage stage{Conv1d(source / "ups" / i, dtype, in, out, c.upsample_kernel_sizes[static_cast<size_t>(i)],
                       upsampling(c, i)),
                {}};
    for (int64_t j = 0; j < kernels; ++j)
      stage.blocks.emplace_back(source / "resblocks" / (kernels * i + j), dtype, c.kind, out,
                                c.resblock_kernel_sizes[static_cast<size_t>(j)],
                                c.resblock_dilations[static_cast<size_t>(j)]);
    stages_.push_back(std::move(stage));
  }
}

at::Tensor Generator::forward(const at::Tensor& mel, const Monitor& monitor) const {
  if (mel.dim() != 4 || mel.size(1) != kVocoderChannels || mel.size(2) < 1 || mel.size(3) != kVocoderMelBins)
    fail(Status::InvalidArgument,
         "the vocoder reads a stereo log-mel spectrum [B, {}, frames, {}], not {}. Use the model's decoder.",
         kVocoderChannels, kVocoderMelBins, c10::str(mel.sizes()));
  auto x = conv_pre_(mel.transpose(2, 3).flatten(1, 2));  // [B, 2 · 64, M]: channel · 64 + bin
  for (const auto& stage : stages_) {
    if (config_.kind == GeneratorConfig::Kind::HifiGan) x = at::leaky_relu(x, kSlope);
    x = stage.upsample(x);
    std::vector<at::Tensor> branches;
    for (const auto& block : stage.blocks) {
      monitor.checkpoint();
      branches.push_back(block(x));
    }
    x = branches.size() == 1 ? branches[0] : at::stack(branches).mean(0);
  }
  monitor.checkpoint();
  x = conv_post_(activate(act_post_, x, kLastSlope));
  switch (config_.final) {
    case GeneratorConfig::Final::Tanh:
      return x.tanh();
    case GeneratorConfig::Final::Clamp:
      return x.clamp(-1, 1);
    case GeneratorConfig::Final::None:
      return x;
  }
  return x;
}

}  // namespace ltx::audio
