// Small random VAEs in memory for the tests.
#pragma once
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <map>
#include <string>

#include "quant/source.h"
#include "weights/store.h"

namespace ltx::test {

class VaeWeights {
 public:
  explicit VaeWeights(uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}

  at::Tensor random(at::IntArrayRef shape, double scale = 1) {
    return at::randn(shape, generator_, at::kFloat) * scale;
  }
  /// A convolution `name` that about keeps the size of its input.
  VaeWeights& conv(const std::string& name, int64_t out, int64_t in, at::IntArrayRef kernel = {3, 3, 3}) {
    std::vector<int64_t> shape = {out, in};
    shape.insert(shape.end(), kernel.begin(), kernel.end());
    int64_t taps = in;
    for (const auto k : kernel) taps *= k;
    tensors[name + ".weight"] = random(shape, 1 / std::sqrt(static_cast<double>(taps)));
    tensors[name + ".bias"] = random({out}, 0.1);
    return *this;
  }
  VaeWeights& res_block(const std::string& name, int64_t channels) {
    return conv(name + ".conv1.conv", channels, channels).conv(name + ".conv2.conv", channels, channels);
  }
  VaeWeights& statistics(int64_t channels) {
    tensors["per_channel_statistics.mean-of-means"] = random({channels}, 0.3);
    tensors["per_channel_statistics.std-of-means"] = random({channels}).abs() + 0.5;
    return *this;
  }
  quant::Source source(at::ScalarType dtype = at::kFloat, at::Device device = at::kCPU) const {
    return {weights::View(std::make_shared<weights::MemoryStore>(tensors)), device, dtype};
  }

  std::map<std::string, at::Tensor> tensors;

 private:
  at::Generator generator_;
};

}  // namespace ltx::test
