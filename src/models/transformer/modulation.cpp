#include "models/transformer/modulation.h"

#include "base/error.h"

namespace ltx::transformer {

Levels distinct_levels(const at::Tensor& timesteps, int64_t batch, int64_t tokens) {
  const int64_t count = timesteps.numel();
  if (count != batch * tokens && count != batch && count != 1) {
    fail(Status::InvalidArgument,
         "timesteps have {} elements for {} samples of {} tokens. Pass [B, T, 1] or [B, 1, 1].", count, batch,
         tokens);
  }
  const auto flat = timesteps.reshape({-1});
  if (count == 1) return {flat, {}};
  auto [values, index, counts] = at::_unique2(flat, /*sorted=*/true, /*return_inverse=*/true);
  if (values.numel() == 1) return {values, {}};
  return {values, index.view({batch, -1}).expand({batch, tokens}).reshape({-1}).to(at::kInt)};
}

at::Tensor sample_index(int64_t batch, int64_t tokens, at::Device device) {
  if (batch == 1) return {};
  return at::arange(batch, at::TensorOptions(at::kInt).device(device)).repeat_interleave(tokens);
}

Modulation::Modulation(const at::Tensor& table, const at::Tensor& timestep, const at::Tensor& index)
    : values_(timestep.defined() ? table + timestep.unflatten(1, table.sizes()) : table.unsqueeze(0)),
      index_(values_.size(0) > 1 ? index : at::Tensor()) {}

}  // namespace ltx::transformer
