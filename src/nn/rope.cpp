#include "nn/rope.h"

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "kernels/norm_rope.h"
#include "nn/norm.h"

namespace ltx::nn {
namespace {

void check_fit(const at::Tensor& x, const RopeTable& table) {
  const auto &cos = table.cos, &sin = table.sin;
  const int64_t width = table.type == RopeType::Split ? 2 * cos.size(2) : cos.size(2);
  if (cos.sizes() != sin.sizes() || (cos.size(0) != 1 && cos.size(0) != x.size(0)) ||
      cos.size(1) != x.size(1) || width != x.size(2)) {
    fail(Status::InvalidArgument,
         "A rotary table of batch {}, {} tokens and width {} does not fit a tensor of batch {}, {} tokens "
         "and width {}. "
         "Build the table from the positions of the same tokens.",
         cos.size(0), cos.size(1), width, x.size(0), x.size(1), x.size(2));
  }
}

}  // namespace

std::optional<RopeType> rope_type_named(std::string_view name) {
  if (name == "split") return RopeType::Split;
  if (name == "interleaved") return RopeType::Interleaved;
  return std::nullopt;
}

RopeGrid rope_grid_named(std::string_view name) {
  return name == "float64" ? RopeGrid::Float64 : RopeGrid::Float32;
}

RopeTable RopeTable::from_heads(const at::Tensor& cos, const at::Tensor& sin) {
  const auto by_token = [](const at::Tensor& t) { return t.transpose(1, 2).flatten(2).contiguous(); };
  return {RopeType::Split, cos.size(1), by_token(cos), by_token(sin)};
}

at::Tensor RopeTable::by_head(const at::Tensor& values) const {
  return values.unflatten(2, {heads, values.size(2) / heads}).transpose(1, 2);
}

at::Tensor rope_frequencies(const RopeSpec& spec) {
  const auto axes = static_cast<int64_t>(spec.max_pos.size());
  const int64_t count = spec.width / (2 * axes);
  if (spec.grid == RopeGrid::Float32) {
    // The last bits of this grid are those of the library's operators; they are called as the reference calls
    // them.
    const auto u = at::linspace(0, 1, count, at::TensorOptions(at::kFloat));
    return at::pow(spec.theta, u).mul_(std::numbers::pi).div_(2);
  }
  auto grid = at::empty({count}, at::TensorOptions(at::kFloat));
  auto* out = grid.data_ptr<float>();
  const double step = count > 1 ? 1.0 / static_cast<double>(count - 1) : 0.0;
  for (int64_t k = 0; k < count; ++k) {
    const double u = k > 0 && k == count - 1 ? 1.0 : static_cast<double>(k) * step;
    out[k] = static_cast<float>(std::pow(spec.theta, u) * std::numbers::pi / 2);
  }
  return grid;
}

at::Tensor midpoints(const at::Tensor& bounds) {
  if (bounds.dim() != 4 || bounds.size(3) != 2) {
    fail(Status::InvalidArgument,
         "Positions have {} axes and a last axis of {}; expected [B, n, T, 2] with start and end of each "
         "token. "
         "Pass the bounds of the tokens.",
         bounds.dim(), bounds.dim() ? bounds.size(-1) : 0);
  }
  return (bounds.select(3, 0) + bounds.select(3, 1)) / 2;
}

RopeTable rope_table(const RopeSpec& spec, const at::Tensor& positions, at::ScalarType dtype) {
  const auto axes = static_cast<int64_t>(spec.max_pos.size());
  if (positions.dim() != 3 || positions.size(1) != axes) {
    fail(Status::InvalidArgument,
         "Positions have {} axes of coordinates; the configuration gives a largest position for {}. "
         "Pass as many axes as the model has.",
         positions.dim() > 1 ? positions.size(1) : 0, axes);
  }
  const auto device = positions.device();
  const auto frequencies = rope_frequencies(spec).to(device);
  // Divided by a tensor: a division by a host number is a multiplication with its reciprocal on CUDA.
  const auto largest =
      at::tensor(at::ArrayRef<double>(spec.max_pos), at::TensorOptions(at::kDouble)).to(at::kFloat);
  const auto r = (positions / largest.to(device).view({1, axes, 1}) * 2 - 1).transpose(1, 2);  // [B, T, n]
  const auto angle = (frequencies.view({1, 1, -1, 1}) * r.unsqueeze(2)).flatten(2);            // [B, T, F·n]

  const bool split = spec.type == RopeType::Split;
  const int64_t pad = split ? spec.width / 2 - angle.size(2) : spec.width % (2 * axes);
  const auto place = [&](at::Tensor values, double neutral) {
    if (!split) values = values.repeat_interleave(2, 2);
    return at::constant_pad_nd(values, {pad, 0}, neutral).to(dtype).contiguous();
  };
  return {spec.type, spec.heads, place(angle.cos(), 1), place(angle.sin(), 0)};
}

at::Tensor apply_rope(const at::Tensor& x, const RopeTable& table) {
  check_fit(x, table);
  const auto& [type, heads, cos, sin] = table;
  const int64_t width = x.size(2);
  if (type == RopeType::Interleaved) {
    const auto pairs = x.unflatten(2, {width / 2, 2});
    const auto turned = at::stack({-pairs.select(3, 1), pairs.select(3, 0)}, 3).flatten(2);
    return x * cos + turned * sin;
  }
  const auto halves = x.unflatten(2, {heads, 2, width / heads / 2});  // [B, T, H, 2, d/2]
  const auto first = halves.select(3, 0), second = halves.select(3, 1);
  const auto c = cos.unflatten(2, {heads, -1}), s = sin.unflatten(2, {heads, -1});
  return at::stack({at::addcmul(first * c, second, s, -1), at::addcmul(second * c, first, s)}, 3).flatten(2);
}

at::Tensor norm_rope(at::Tensor x, const at::Tensor& weight, double eps, const RopeTable* table) {
  const bool rotates = table && table->defined();
  if (kernels::fusible(x) && (!rotates || table->type == RopeType::Split)) {
    if (rotates) check_fit(x, *table);
    kernels::norm_rope_(x, weight, eps, rotates ? table->heads : 1, rotates ? table->cos : at::Tensor(),
                        rotates ? table->sin : at::Tensor());
    return x;
  }
  x = rms_norm(x, weight, eps);
  return rotates ? apply_rope(x, *table) : x;
}

}  // namespace ltx::nn
