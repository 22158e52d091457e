#include "diffusion/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "diffusion/beta_distribution.h"

namespace ltx::diffusion {
namespace {

at::Tensor tensor_of(const std::vector<float>& values) {
  return at::tensor(values, at::kFloat);
}

void check_steps(int64_t steps, int64_t minimum) {
  if (steps < minimum)
    fail(Status::InvalidArgument, "the schedule has {} steps. Use {} or more.", steps, minimum);
}

/// e^shift / (e^shift + (1/t − 1)) in float; a number divided by a tensor is a reciprocal and a product in
/// the reference.
float shifted(float exp_shift, float t) {
  return 1.0f / (exp_shift + (1.0f / t - 1.0f)) * exp_shift;
}

}  // namespace

at::Tensor ltx2_schedule(int64_t steps, const Ltx2Schedule& options) {
  check_steps(steps, 2);
  constexpr double kBaseTokens = 1024, kMaxTokens = 4096;
  const double slope = (options.max_shift - options.base_shift) / (kMaxTokens - kBaseTokens);
  const double intercept = options.base_shift - kBaseTokens * slope;
  const auto exp_shift =
      static_cast<float>(std::exp(static_cast<double>(options.tokens) * slope + intercept));
  // linspace(1, 0) as the framework evaluates it: the first half from the front, the second from the back.
  const float delta = -1.0f / static_cast<float>(steps);
  std::vector<float> sigmas(static_cast<size_t>(steps) + 1);
  for (int64_t i = 0; i <= steps; ++i) {
    const float u = i < (steps + 1) / 2 ? 1.0f + delta * static_cast<float>(i)
                                        : 0.0f - delta * static_cast<float>(steps - i);
    sigmas[i] = u != 0 ? shifted(exp_shift, u) : 0.0f;
  }
  if (options.stretch) {
    const float last = 1.0f - sigmas[steps - 1];
    const float scale = last / static_cast<float>(1.0 - options.terminal);
    for (auto& sigma : sigmas)
      if (sigma != 0) sigma = 1.0f - (1.0f - sigma) / scale;
  }
  const auto result = tensor_of(sigmas);
  check_schedule(result, fmt::format("the schedule of {} steps for {} tokens", steps, options.tokens));
  return result;
}

at::Tensor linear_quadratic_schedule(int64_t steps, const LinearQuadraticSchedule& options) {
  check_steps(steps, 1);
  if (steps == 1) return tensor_of({1.0f, 0.0f});
  const int64_t linear = options.linear_steps.value_or(steps / 2);
  if (linear < 1 || linear > steps)
    fail(Status::InvalidArgument, "{} of {} steps are linear. Use 1 to {}.", linear, steps, steps);
  const auto n = static_cast<double>(steps), l = static_cast<double>(linear), q = n - l;
  const double threshold = options.threshold_noise;
  const double difference = l - threshold * n;
  const double quadratic = q > 0 ? difference / (l * q * q) : 0;
  const double slope = q > 0 ? threshold / l - 2 * difference / (q * q) : 0;
  const double constant = quadratic * l * l;
  std::vector<float> sigmas;
  for (int64_t i = 0; i < steps; ++i) {
    const auto x = static_cast<double>(i);
    sigmas.push_back(static_cast<float>(
        1.0 - (i < linear ? x * threshold / l : quadratic * x * x + slope * x + constant)));
  }
  sigmas.push_back(0.0f);
  const auto result = tensor_of(sigmas);
  check_schedule(result, "the linear-quadratic schedule");
  return result;
}

at::Tensor beta_schedule(int64_t steps, double alpha, double beta) {
  check_steps(steps, 1);
  if (!(alpha > 0) || !(beta > 0))
    fail(Status::InvalidArgument, "the beta schedule has alpha {} and beta {}. Use numbers above 0.", alpha,
         beta);
  constexpr int64_t kTableLength = 10000;
  constexpr double kShift = 2.37;
  const auto exp_shift = static_cast<float>(std::exp(kShift));
  std::vector<float> sigmas;
  int64_t last = -1;
  for (int64_t j = 0; j < steps; ++j) {
    const double probability = 1.0 - static_cast<double>(j) / static_cast<double>(steps);
    const auto index = static_cast<int64_t>(
        std::nearbyint(inverse_beta_distribution(probability, alpha, beta) * (kTableLength - 1)));
    if (index == last) continue;  // falling probabilities: equal indices are neighbours
    last = index;
    sigmas.push_back(shifted(exp_shift, static_cast<float>(index + 1) / static_cast<float>(kTableLength)));
  }
  sigmas.push_back(0.0f);
  const auto result = tensor_of(sigmas);
  check_schedule(result, "the beta schedule");
  return result;
}

at::Tensor fixed_schedule(std::string_view name) {
  static const std::array<std::pair<std::string_view, std::vector<float>>, 5> kLists = {{
      {"DISTILLED", {1.0f, 0.99375f, 0.9875f, 0.98125f, 0.975f, 0.909375f, 0.725f, 0.421875f, 0.0f}},
      {"STAGE_2_DISTILLED", {0.909375f, 0.725f, 0.421875f, 0.0f}},
      {"TDP_DISTILLED", {0.625f, 0.4f, 0.0f}},
      {"HDR_STAGE_2", {0.909375f, 0.725f, 0.0f}},
      {"DFR_TEMPORAL", {0.975f, 0.909375f, 0.725f, 0.421875f, 0.0f}},
  }};
  for (const auto& [known, values] : kLists)
    if (known == name) return tensor_of(values);
  fail(Status::InvalidArgument, "there is no fixed schedule '{}'. Use DISTILLED or STAGE_2_DISTILLED.", name);
}

void check_schedule(const at::Tensor& sigmas, std::string_view origin) {
  if (!sigmas.defined() || sigmas.dim() != 1 || !sigmas.is_floating_point() || sigmas.numel() < 2)
    fail(Status::InvalidArgument,
         "{} is no list of two or more noise levels. Pass decreasing numbers that end with 0.", origin);
  const auto values = sigmas.to(at::kCPU, at::kDouble).contiguous();
  const auto* sigma = values.const_data_ptr<double>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    if (!std::isfinite(sigma[i]) || sigma[i] < 0)
      fail(Status::InvalidArgument,
           "{} has noise level {} at index {}. Levels must be finite, 0 or more; with very many tokens use "
           "fewer steps "
           "or a smaller size.",
           origin, sigma[i], i);
    if (i > 0 && sigma[i] >= sigma[i - 1])
      fail(Status::InvalidArgument,
           "{} has noise level {} at index {} after {}. Levels must decrease; with very many tokens use "
           "fewer steps or "
           "a smaller size.",
           origin, sigma[i], i, sigma[i - 1]);
  }
}

}  // namespace ltx::diffusion
