// Complete sets of random audio weights, listed from spec 05 §3 and not from the networks under test.
#pragma once
#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <string>

#include "models/audio/config.h"
#include "quant/source.h"

namespace ltx::audio::test {

using Tensors = std::map<std::string, at::Tensor>;

class Filler {
 public:
  explicit Filler(uint64_t seed) : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

  at::Tensor normal(at::IntArrayRef shape, double std) {
    return at::randn(shape, generator_, at::kFloat) * std;
  }

  void layer(Tensors& t, const std::string& name, at::IntArrayRef shape, int64_t out, double gain = 1,
             bool bias = true) {
    int64_t fan = 1;
    for (const auto size : shape.slice(1)) fan *= size;
    t[name + ".weight"] = normal(shape, gain / std::sqrt(static_cast<double>(fan)));
    if (bias) t[name + ".bias"] = normal({out}, 0.1);
  }

 private:
  at::Generator generator_;
};

class VaeFiller : Filler {
 public:
  VaeFiller(const VaeConfig& config, uint64_t seed) : Filler(seed), c_(config) {}

  Tensors encoder() {
    conv("conv_in.conv", c_.in_channels, c_.ch, 3);
    int64_t width = c_.ch;
    for (int64_t l = 0; l < c_.levels(); ++l) {
      const auto at = "down." + std::to_string(l) + ".";
      for (int64_t i = 0; i < c_.num_res_blocks; ++i) {
        block(at + "block." + std::to_string(i), width, c_.width(l));
        width = c_.width(l);
        if (c_.attention_at(l) && c_.encoder_attention) attention(at + "attn." + std::to_string(i), width);
      }
      if (l + 1 < c_.levels() && c_.resamp_with_conv) conv(at + "downsample.conv", width, width, 3);
    }
    ends(width, (c_.double_z ? 2 : 1) * c_.z_channels, c_.encoder_attention, width);
    return std::move(t_);
  }

  Tensors decoder() {
    int64_t width = c_.width(c_.levels() - 1);
    const int64_t deepest = width;
    conv("conv_in.conv", c_.z_channels, width, 3);
    for (int64_t l = c_.levels() - 1; l >= 0; --l) {
      const auto at = "up." + std::to_string(l) + ".";
      for (int64_t i = 0; i <= c_.num_res_blocks; ++i) {
        block(at + "block." + std::to_string(i), width, c_.width(l));
        width = c_.width(l);
        if (c_.attention_at(l)) attention(at + "attn." + std::to_string(i), width);
      }
      if (l > 0) conv(at + "upsample.conv.conv", width, width, 3);
    }
    ends(width, c_.out_ch, true, deepest);
    return std::move(t_);
  }

 private:
  void conv(const std::string& name, int64_t in, int64_t out, int64_t k) {
    layer(t_, name, {out, in, k, k}, out);
  }
  void norm(const std::string& name, int64_t width) {
    if (c_.norm == Norm::Pixel) return;
    t_[name + ".weight"] = 1 + normal({width}, 0.2);
    t_[name + ".bias"] = normal({width}, 0.2);
  }
  void block(const std::string& name, int64_t in, int64_t out) {
    norm(name + ".norm1", in), norm(name + ".norm2", out);
    conv(name + ".conv1.conv", in, out, 3), conv(name + ".conv2.conv", out, out, 3);
    if (in != out) conv(name + ".nin_shortcut.conv", in, out, 1);
  }
  void attention(const std::string& name, int64_t width) {
    norm(name + ".norm", width);
    for (const char* part : {".q", ".k", ".v", ".proj_out"}) conv(name + part, width, width, 1);
  }
  void ends(int64_t width, int64_t out, bool may_attend, int64_t middle) {
    block("mid.block_1", middle, middle), block("mid.block_2", middle, middle);
    if (c_.mid_block_add_attention && may_attend) attention("mid.attn_1", middle);
    norm("norm_out", width);
    conv("conv_out.conv", width, out, 3);
    t_["per_channel_statistics.mean-of-means"] = normal({c_.ch}, 1);
    t_["per_channel_statistics.std-of-means"] = normal({c_.ch}, 0.2).exp();
  }

  VaeConfig c_;
  Tensors t_;
};

class VocoderFiller : Filler {
 public:
  explicit VocoderFiller(uint64_t seed) : Filler(seed) {}

  Tensors vocoder(const VocoderConfig& c) {
    if (!c.bwe) {
      generator("", c.main);
      return std::move(t_);
    }
    generator("vocoder.", c.main);
    generator("bwe_generator.", c.bwe->generator);
    const int64_t bins = c.bwe->n_fft / 2 + 1;
    t_["mel_stft.mel_basis"] = normal({kVocoderMelBins, bins}, 0.1).abs();
    t_["mel_stft.stft_fn.forward_basis"] = normal({2 * bins, 1, c.bwe->n_fft}, 0.3);
    t_["mel_stft.stft_fn.inverse_basis"] = normal({2 * bins, 1, c.bwe->n_fft}, 0.3);
    return std::move(t_);
  }

  void activation(const std::string& name, int64_t channels) {
    t_[name + ".act.alpha"] = normal({channels}, 0.3);
    t_[name + ".act.beta"] = normal({channels}, 0.3);
    for (const char* filter : {".upsample.filter", ".downsample.lowpass.filter"})
      t_[name + filter] = at::softmax(normal({1, 1, 12}, 1), -1);
  }

  Tensors& tensors() { return t_; }

 private:
  void generator(const std::string& prefix, const GeneratorConfig& c) {
    const bool amp = c.kind == GeneratorConfig::Kind::Amp;
    layer(t_, prefix + "conv_pre", {c.initial_channels, 128, 7}, c.initial_channels, 0.3);
    const auto kernels = static_cast<int64_t>(c.resblock_kernel_sizes.size());
    for (int64_t i = 0; i < c.stages(); ++i) {
      const int64_t in = c.initial_channels >> i, out = in / 2;
      layer(t_, prefix + "ups." + std::to_string(i),
            {in, out, c.upsample_kernel_sizes[static_cast<size_t>(i)]}, out);
      for (int64_t j = 0; j < kernels; ++j) {
        const auto block = prefix + "resblocks." + std::to_string(kernels * i + j);
        for (const char* side : {"1", "2"})
          for (const char* n : {".0", ".1", ".2"}) {
            layer(t_, block + ".convs" + side + n,
                  {out, out, c.resblock_kernel_sizes[static_cast<size_t>(j)]}, out, 0.6);
            if (amp) activation(block + ".acts" + side + n, out);
          }
      }
    }
    const int64_t last = c.initial_channels >> c.stages();
    if (amp) activation(prefix + "act_post", last);
    layer(t_, prefix + "conv_post", {2, last, 7}, 2, 0.3, c.final_bias);
  }

  Tensors t_;
};

inline quant::Source source_of(Tensors tensors, at::ScalarType compute = at::kFloat) {
  return {weights::View(std::make_shared<weights::MemoryStore>(std::move(tensors))), at::kCPU, compute};
}

}  // namespace ltx::audio::test
