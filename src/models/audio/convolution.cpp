#include "models/audio/convolution.h"

namespace ltx::audio {

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const Convolution& shape) {
  constexpr bool benchmark = false, deterministic = true, cudnn = true, tf32 = false;
  return at::_convolution(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt,
                          {shape.stride}, {shape.padding}, {shape.dilation}, shape.transposed, {0},
                          shape.groups, benchmark, deterministic, cudnn, tf32);
}

at::Tensor loaded(const quant::Source& source, std::string_view name, at::IntArrayRef shape,
                  at::ScalarType dtype) {
  return source.tensor(name, shape).to(dtype);
}

Conv1d::Conv1d(const quant::Source& source, at::ScalarType dtype, int64_t in, int64_t out, int64_t kernel,
               Convolution shape, bool bias)
    : weight_(loaded(source, "weight",
                     shape.transposed ? std::vector{in, out, kernel} : std::vector{out, in, kernel}, dtype)),
      bias_(bias ? loaded(source, "bias", {out}, dtype) : at::Tensor()),
      shape_(shape) {}

}  // namespace ltx::audio
