#include "models/video_vae/resample.h"

#include "base/error.h"

namespace ltx::video_vae {
namespace {

int64_t volume(nn::Triple cell) {
  return cell[0] * cell[1] * cell[2];
}

int64_t divided(const quant::Source& source, int64_t channels, int64_t divisor, std::string_view what) {
  if (channels % divisor != 0 || channels < divisor)
    fail(Status::ModelConfig,
         "'{}': {} of {} channels, expected a multiple of {}. Use block multipliers that keep the widths "
         "divisible.",
         source.view().path("conv"), what, channels, divisor);
  return channels / divisor;
}

}  // namespace

nn::Triple cell_of(std::string_view block_name) {
  if (block_name.starts_with("compress_space")) return {1, 2, 2};
  if (block_name.starts_with("compress_time")) return {2, 1, 1};
  return {2, 2, 2};
}

SpaceToDepthDownsample::SpaceToDepthDownsample(const quant::Source& source, int64_t in, int64_t out,
                                               nn::Triple cell, const BlockStyle& style)
    : conv_(source / "conv" / "conv", in, divided(source, out, volume(cell), "space-to-depth to a width"),
            style.causal, style.padding),
      cell_(cell),
      out_(out) {
  divided(source, in * volume(cell), out, "grouping of a shortcut");
}

at::Tensor SpaceToDepthDownsample::operator()(const at::Tensor& input) const {
  // The doubled first frame enters both ways; the convolution repeats it twice more (spec 04 §3.6).
  const auto x = cell_[0] == 2 ? at::cat({input.narrow(2, 0, 1), input}, 2) : input;
  const auto cells = nn::space_to_depth(x, cell_);
  const auto shortcut = cells.unflatten(1, {out_, cells.size(1) / out_}).mean(2);
  return nn::space_to_depth(conv_(x), cell_).add_(shortcut);
}

DepthToSpaceUpsample::DepthToSpaceUpsample(const quant::Source& source, int64_t in, int64_t reduction,
                                           nn::Triple cell, bool residual, const BlockStyle& style)
    : conv_(source / "conv" / "conv", in, volume(cell) * divided(source, in, reduction, "reduction"),
            style.causal, style.padding),
      cell_(cell),
      repeats_(0) {
  if (!residual) return;
  divided(source, in, volume(cell), "shortcut");
  repeats_ = divided(source, volume(cell), reduction, "repetition of a shortcut");
}

at::Tensor DepthToSpaceUpsample::expand(const at::Tensor& z) const {
  const auto y = nn::depth_to_space(z, cell_);
  return cell_[0] == 2 ? y.narrow(2, 1, y.size(2) - 1) : y;
}

at::Tensor DepthToSpaceUpsample::operator()(at::Tensor x) const {
  if (repeats_ == 0) return expand(conv_(std::move(x)));
  auto y = expand(conv_(x));
  // Out channel k takes shortcut channel k mod (C / n): whole blocks, not interleaved.
  const auto shortcut = expand(x);
  return y.unflatten(1, {repeats_, shortcut.size(1)}).add_(shortcut.unsqueeze(1)).flatten(1, 2);
}

}  // namespace ltx::video_vae
