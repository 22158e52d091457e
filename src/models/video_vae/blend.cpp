#include "models/video_vae/blend.h"

namespace ltx::video_vae {
namespace {

// Divisor where no tile has weight.
constexpr double kLeastWeight = 1e-8;

/// Sums of weighted tiles over a range of frames, and of the weights where they do not add up to 1 by
/// themselves.
class Accumulator {
 public:
  Accumulator() = default;
  Accumulator(const TileLayout& layout, int64_t frames) : layout_(&layout), frames_(frames) {}

  int64_t frames() const { return frames_; }

  /// `time` is where the tile lies within the accumulator's frames.
  void add(const at::Tensor& pixels, const TileRef& tile, int64_t first_frame, at::ScalarType dtype) {
    const int64_t n = std::min({tile.time.out.length(), pixels.size(2), frames_ - first_frame});
    const auto place = [&](const at::Tensor& sums) {
      return sums.narrow(2, first_frame, n)
          .narrow(3, tile.height.out.start, tile.height.out.length())
          .narrow(4, tile.width.out.start, tile.width.out.length());
    };
    const auto scaled = scale_by_masks(pixels.narrow(2, 0, n), tile);
    const bool covers_all = n == frames_ && tile.height.out.length() == layout_->rows &&
                            tile.width.out.length() == layout_->columns;
    if (!sums_.defined() && covers_all)
      sums_ = scaled.to(dtype);
    else
      place(defined(sums_, pixels.size(0), pixels.size(1), scaled, dtype)).add_(scaled);
    if (layout_->complementary) return;
    const auto weight = scale_by_masks(
        at::ones({1, 1, n, tile.height.out.length(), tile.width.out.length()}, scaled.options()), tile);
    place(defined(weights_, 1, 1, scaled, dtype)).add_(weight);
  }

  /// The sums of frames [first, first + n), which no later tile touches.
  at::Tensor finished(int64_t first, int64_t n) const {
    const auto part = sums_.narrow(2, first, n);
    return layout_->complementary ? part : part / weights_.narrow(2, first, n).clamp_min(kLeastWeight);
  }

  /// A copy of the frames from `first` on; what lies before is no longer needed.
  Accumulator tail(int64_t first) const {
    Accumulator rest(*layout_, frames_ - first);
    rest.sums_ = sums_.narrow(2, first, rest.frames_).clone();
    if (weights_.defined()) rest.weights_ = weights_.narrow(2, first, rest.frames_).clone();
    return rest;
  }

  /// Adds what earlier tiles left in the first frames.
  void add_earlier(const Accumulator& earlier) {
    const auto add = [&](const at::Tensor& sums, const at::Tensor& before) {
      if (sums.defined()) sums.narrow(2, 0, before.size(2)).add_(before);
    };
    add(sums_, earlier.sums_);
    add(weights_, earlier.weights_);
  }

 private:
  const at::Tensor& defined(at::Tensor& sums, int64_t batch, int64_t channels, const at::Tensor& like,
                            at::ScalarType dtype) {
    if (!sums.defined())
      sums =
          at::zeros({batch, channels, frames_, layout_->rows, layout_->columns}, like.options().dtype(dtype));
    return sums;
  }

  const TileLayout* layout_ = nullptr;
  int64_t frames_ = 0;
  at::Tensor sums_;     // [B, C, frames, rows, columns]
  at::Tensor weights_;  // [1, 1, frames, rows, columns]
};

}  // namespace

at::Tensor scale_by_masks(const at::Tensor& x, const TileRef& tile) {
  auto result = x.to(at::kFloat);
  const auto scale = [&](at::Tensor mask, at::IntArrayRef shape) {
    if (mask.numel() > 1) result = result * mask.to(x.device()).view(shape);
  };
  const auto& time = tile.time.mask;
  scale(time.narrow(0, 0, std::min(time.numel(), x.size(2))), {-1, 1, 1});
  scale(tile.height.mask, {-1, 1});
  scale(tile.width.mask, {-1});
  return result;
}

void stream_tiles(const TileLayout& layout, at::ScalarType dtype, const Monitor& monitor,
                  const TileDecoder& decode, const ChunkSink& sink) {
  Accumulator earlier;  // frames that the next group shares with the ones before
  for (size_t group = 0; group < layout.time.size(); ++group) {
    const auto& time = layout.time[group];
    Accumulator now(layout, time.out.length());
    for (const auto& height : layout.height)
      for (const auto& width : layout.width) {
        monitor.checkpoint();
        const TileRef tile{time, height, width};
        now.add(decode(tile), tile, 0, dtype);
      }
    if (earlier.frames() > 0) now.add_earlier(earlier);
    const bool last = group + 1 == layout.time.size();
    const int64_t done =
        last ? now.frames() : std::min(now.frames(), layout.time[group + 1].out.start - time.out.start);
    if (done > 0) {
      monitor.checkpoint();
      sink(now.finished(0, done));
    }
    earlier = done < now.frames() ? now.tail(done) : Accumulator();
  }
}

at::Tensor merge_tiles(const TileLayout& layout, at::ScalarType dtype, const Monitor& monitor,
                       const TileDecoder& decode) {
  Accumulator sums(layout, layout.frames);
  for (const auto& time : layout.time)
    for (const auto& height : layout.height)
      for (const auto& width : layout.width) {
        monitor.checkpoint();
        const TileRef tile{time, height, width};
        sums.add(decode(tile), tile, time.out.start, dtype);
      }
  return sums.finished(0, layout.frames);
}

}  // namespace ltx::video_vae
