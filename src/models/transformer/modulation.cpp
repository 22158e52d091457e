#include "models/transformer/modulation.h"

#include <map>

#include "base/error.h"

namespace ltx::transformer {

LevelPattern level_pattern(const at::Tensor& mask, int64_t batch, int64_t tokens, at::Device device) {
  const auto host = mask.detach().to(at::kCPU, at::kFloat).contiguous();
  const auto* values = host.const_data_ptr<float>();
  std::vector<int64_t> first;  // token of each level
  std::vector<int32_t> index(static_cast<size_t>(batch * tokens));
  for (int64_t sample = 0; sample < batch; ++sample) {
    std::map<float, std::pair<int64_t, int32_t>> levels;  // value -> token, number
    const int64_t begin = sample * tokens;
    for (int64_t t = begin; t < begin + tokens; ++t) levels.try_emplace(values[t], t, 0);
    for (auto& [value, level] : levels) {
      level.second = static_cast<int32_t>(first.size());
      first.push_back(level.first);
    }
    for (int64_t t = begin; t < begin + tokens; ++t)
      index[static_cast<size_t>(t)] = levels.at(values[t]).second;
  }
  LevelPattern pattern;
  pattern.mask = mask;
  pattern.tokens = at::tensor(first, at::kLong).to(device);
  if (first.size() > 1) pattern.index = at::tensor(index, at::kInt).to(device);
  return pattern;
}

Levels distinct_levels(const at::Tensor& timesteps, int64_t batch, int64_t tokens,
                       const LevelPattern* pattern) {
  const int64_t count = timesteps.numel();
  if (count != batch * tokens && count != batch && count != 1) {
    fail(Status::InvalidArgument,
         "timesteps have {} elements for {} samples of {} tokens. Pass [B, T, 1] or [B, 1, 1].", count, batch,
         tokens);
  }
  const auto flat = timesteps.reshape({-1});
  if (count == 1) return {flat, {}};
  if (pattern && count == batch * tokens) {
    // One level: the first token has it.
    return {pattern->index.defined() ? flat.index_select(0, pattern->tokens) : flat.narrow(0, 0, 1),
            pattern->index};
  }
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
