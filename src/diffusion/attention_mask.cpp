#include "diffusion/attention_mask.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "diffusion/conditioning.h"

namespace ltx::diffusion {
namespace {

/// [B, M]
at::Tensor weights_per_token(const std::variant<double, at::Tensor>& weights, int64_t batch, int64_t added,
                             const at::TensorOptions& options) {
  if (const auto* number = std::get_if<double>(&weights)) return at::full({batch, added}, *number, options);
  auto tensor = std::get<at::Tensor>(weights).to(options.device(), options.dtype().toScalarType());
  if (tensor.dim() == 0) return tensor.expand({batch, added});
  if (tensor.dim() == 1) tensor = tensor.unsqueeze(0);
  if (tensor.dim() != 2 || tensor.size(1) != added || (tensor.size(0) != batch && tensor.size(0) != 1))
    fail(Status::TensorMismatch,
         "the attention strengths have shape [{}], expected one number, [{}] or [{}, {}]. Give one per "
         "appended token.",
         fmt::join(std::get<at::Tensor>(weights).sizes(), ", "), added, batch, added);
  return tensor.expand({batch, added});
}

}  // namespace

std::optional<at::Tensor> extend_attention_mask(
    const std::optional<at::Tensor>& mask, int64_t batch, int64_t tokens, int64_t target_tokens,
    int64_t added, const std::optional<std::variant<double, at::Tensor>>& weights, at::ScalarType dtype,
    const at::Device& device) {
  if (!weights && !mask) return std::nullopt;
  const auto options = at::TensorOptions(dtype).device(device);
  const auto cross = weights_per_token(weights.value_or(1.0), batch, added, options);
  const auto extended = at::zeros({batch, tokens + added, tokens + added}, options);
  const auto block = [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
    return extended.narrow(1, row, rows).narrow(2, column, columns);
  };
  if (mask)
    block(0, tokens, 0, tokens).copy_(*mask);
  else
    block(0, tokens, 0, tokens).fill_(1);
  block(tokens, added, tokens, added).fill_(1);
  block(0, target_tokens, tokens, added).copy_(cross.unsqueeze(1).expand({batch, target_tokens, added}));
  block(tokens, added, 0, target_tokens).copy_(cross.unsqueeze(2).expand({batch, added, target_tokens}));
  return extended;
}

at::Tensor attention_weights_of_mask(const at::Tensor& mask, const latents::VideoShape& reference,
                                     double strength) {
  if (mask.dim() != 5 || mask.size(1) != 1 || mask.size(2) < 1)
    fail(Status::TensorMismatch, "the mask video has shape [{}], expected [B, 1, frames, height, width].",
         fmt::join(mask.sizes(), ", "));
  const int64_t batch = mask.size(0), frames = mask.size(2);
  const auto all = mask.transpose(1, 2).reshape({batch * frames, 1, mask.size(3), mask.size(4)});
  const auto cells = at::adaptive_avg_pool2d(all, {reference.height, reference.width})
                         .reshape({batch, frames, reference.height, reference.width});
  auto weights = cells.narrow(1, 0, 1);
  const int64_t rest = reference.frames - 1;
  if (frames > 1 && rest > 0) {
    if ((frames - 1) % rest != 0)
      fail(Status::InvalidArgument,
           "the mask video has {} frames for a reference of {} latent frames. Use 1 + k*{} frames.", frames,
           reference.frames, rest);
    const int64_t group = (frames - 1) / rest;
    const auto means = cells.narrow(1, 1, frames - 1)
                           .reshape({batch, rest, group, reference.height, reference.width})
                           .mean(2);
    weights = at::cat({weights, means}, 1);
  }
  return weights.flatten(1) * strength;
}

}  // namespace ltx::diffusion
