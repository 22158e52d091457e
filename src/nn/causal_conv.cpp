#include "nn/causal_conv.h"

#include "base/error.h"

namespace ltx::nn {
namespace {

constexpr int64_t kKernel = 3;
constexpr int64_t kSide = kKernel / 2;

/// Frames per call of a prologue: its temporaries stay within a CPU cache, or small beside the activations on
/// a GPU.
int64_t frames_per_piece(const at::Tensor& x) {
  if (at::GradMode::is_enabled()) return x.size(2);  // one node in the graph
  const int64_t budget = x.device().is_cpu() ? int64_t{2} << 20 : int64_t{128} << 20;
  const int64_t frame_bytes = std::max<int64_t>(1, x.numel() / x.size(2) * x.element_size());
  return std::clamp<int64_t>(budget / frame_bytes, 1, x.size(2));
}

/// Fills the first and last line of `axis`, whose interior is complete.
void fill_border(const at::Tensor& x, int64_t axis, SpatialPadding mode) {
  const int64_t last = x.size(axis) - 1;
  int64_t before = 1, after = last - 1;  // replicate
  if (mode == SpatialPadding::Reflect) before = 2, after = last - 2;
  if (mode == SpatialPadding::Circular) std::swap(before, after);
  x.select(axis, 0).copy_(x.select(axis, before));
  x.select(axis, last).copy_(x.select(axis, after));
}

}  // namespace

CausalConv3d::CausalConv3d(const quant::Source& source, int64_t in, int64_t out, bool causal,
                           SpatialPadding padding, Triple stride)
    : weights_(source, in, out, {kKernel, kKernel, kKernel}),
      stride_(stride),
      causal_(causal),
      padding_(padding) {}

at::Tensor CausalConv3d::padded(const at::Tensor& x, const Prologue& prologue) const {
  const int64_t B = x.size(0), C = x.size(1), F = x.size(2), H = x.size(3), W = x.size(4);
  if (padding_ == SpatialPadding::Reflect && (H < 2 || W < 2))
    fail(
        Status::InvalidArgument,
        "reflect padding needs at least 2 rows and columns at every convolution, found {} x {}. Use a larger "
        "height and width.",
        H, W);
  const int64_t front = causal_ ? kKernel - 1 : kSide, back = causal_ ? 0 : kSide;
  const int64_t side =
      padding_ == SpatialPadding::Zeros ? 0 : kSide;  // zeros are the convolution's own business
  auto result = at::empty({B, C, F + front + back, H + 2 * side, W + 2 * side},
                          x.options().memory_format(at::MemoryFormat::ChannelsLast3d));
  const auto interior = result.narrow(3, side, H).narrow(4, side, W);
  const int64_t piece = prologue.apply && prologue.per_frame ? frames_per_piece(x) : F;
  for (int64_t first = 0; first < F; first += piece) {
    const int64_t n = std::min(piece, F - first);
    const auto part = x.narrow(2, first, n);
    interior.narrow(2, front + first, n).copy_(prologue.apply ? prologue.apply(part) : part);
  }
  interior.narrow(2, 0, front).copy_(interior.narrow(2, front, 1));
  if (back > 0) interior.narrow(2, front + F, back).copy_(interior.narrow(2, front + F - 1, 1));
  if (side > 0) {
    fill_border(result.narrow(4, side, W), 3, padding_);
    fill_border(result, 4, padding_);
  }
  return result;
}

at::Tensor CausalConv3d::operator()(at::Tensor x, const Prologue& prologue) const {
  const int64_t side = padding_ == SpatialPadding::Zeros ? kSide : 0;
  x = padded(x, prologue);
  return conv3d_in_pieces(x, weights_, stride_, {0, side, side}, kMaxKernelElements);
}

}  // namespace ltx::nn
