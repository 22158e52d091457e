#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <doctest/doctest.h>

#include "base/error.h"
#include "device/device.h"
#include "kernels/cpu/rows.h"
#include "kernels/gelu.h"
#include "kernels/head_gate.h"
#include "kernels/modulate.h"
#include "kernels/norm_rope.h"
#include "kernels/residual_norm.h"

using namespace ltx;
using kernels::TokenRows;

namespace {

at::Tensor random(at::IntArrayRef shape, uint64_t seed, at::ScalarType dtype = at::kFloat) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat))
      .to(dtype);
}

TokenRows rows(int64_t count, int64_t width, int64_t tokens, uint64_t seed, at::ScalarType dtype) {
  // A slice of a wider table, as modulations are.
  const auto values = random({count, 3, width}, seed, dtype).select(1, 1);
  if (count == 1) return {values, {}};
  return {values, (at::arange(tokens) * 7 % count).to(at::kInt)};
}

struct Case {
  at::ScalarType dtype;
  int64_t width, heads, levels;
};

/// Widths with and without a remainder of sixteen, one and several modulation rows.
const std::vector<Case> kCases = {{at::kFloat, 64, 4, 1},    {at::kFloat, 24, 2, 3},
                                  {at::kFloat, 12, 3, 5},    {at::kFloat, 160, 20, 4},
                                  {at::kBFloat16, 64, 4, 1}, {at::kBFloat16, 24, 2, 3},
                                  {at::kBFloat16, 12, 3, 5}, {at::kBFloat16, 160, 20, 4}};
constexpr int64_t kBatch = 2, kTokens = 9;

/// Largest difference: fp32 to the last bits; in bf16 one unit in the last place where a sum rounds the other
/// way.
void check_near(const at::Tensor& found, const at::Tensor& expected) {
  const bool single = expected.scalar_type() == at::kFloat;
  const auto difference = (found - expected).to(at::kDouble).norm() / expected.to(at::kDouble).norm();
  CHECK(difference.item<double>() < (single ? 1e-6 : 2e-3));
  CHECK(at::allclose(found, expected, single ? 1e-5 : 0.016, single ? 1e-5 : 0.02));
}

at::Tensor expand(const TokenRows& r) {
  return r.expand(kBatch, kTokens);
}

TokenRows to(const TokenRows& r, at::Device device) {
  // Slices stay slices: copied with the rows around them.
  return {r.values.to(device), r.index.defined() ? r.index.to(device) : r.index};
}

std::vector<at::Tensor> residual(const Case& c, at::Device device, bool fused) {
  auto x = random({kBatch, kTokens, c.width}, 1, c.dtype).to(device);
  const auto y = random({kBatch, kTokens, c.width}, 2, c.dtype).to(device);
  const auto make = [&](uint64_t seed) {
    return to(rows(c.levels, c.width, kBatch * kTokens, seed, c.dtype), device);
  };
  const auto gate = make(3);
  const kernels::ScaleShiftRows first{make(4), make(5)}, second{make(6), make(7)};
  if (fused) {
    auto both = kernels::residual_norm(x, y, &gate, {&first, &second}, 1e-6);
    auto plain =
        kernels::residual_norm(x, y, nullptr, at::ArrayRef<const kernels::ScaleShiftRows*>{nullptr}, 1e-3);
    auto none = x.clone();
    kernels::residual_norm(none, y, &gate, {}, 1e-6);
    auto only = kernels::residual_norm(none, {}, nullptr, {&second}, 1e-6);
    return {x, both[0], both[1], plain[0], none, only[0]};
  }
  const auto modulated = [&](const at::Tensor& n, const kernels::ScaleShiftRows& by) {
    return n * (1 + expand(by.scale)) + expand(by.shift);
  };
  x = x + y * expand(gate);
  const auto n = at::rms_norm(x, {c.width}, std::nullopt, 1e-6);
  const auto after = x + y, none = after + y * expand(gate);
  return {after,
          modulated(n, first),
          modulated(n, second),
          at::rms_norm(after, {c.width}, std::nullopt, 1e-3),
          none,
          modulated(at::rms_norm(none, {c.width}, std::nullopt, 1e-6), second)};
}

std::vector<at::Tensor> modulation(const Case& c, at::Device device, bool fused) {
  const auto x = random({kBatch, kTokens, c.width}, 1, c.dtype).to(device);
  const auto scale = to(rows(c.levels, c.width, kBatch * kTokens, 2, c.dtype), device);
  const auto shift = to(rows(1, c.width, kBatch * kTokens, 3, c.dtype), device);
  if (fused) return {kernels::modulate(x, scale, shift)};
  return {x * (1 + expand(scale)) + expand(shift)};
}

std::vector<at::Tensor> rotation(const Case& c, at::Device device, bool fused) {
  std::vector<at::Tensor> results;
  const auto weight = (1 + 0.1 * random({c.width}, 2)).to(c.dtype).to(device);
  for (const int64_t table_batch : {int64_t{0}, int64_t{1}, kBatch}) {
    auto x = (3 * random({kBatch, kTokens, c.width}, 1)).to(c.dtype).to(device);
    at::Tensor cos, sin;
    if (table_batch) {
      const auto angle = random({table_batch, kTokens, c.width / 2}, 3);
      cos = angle.cos().to(c.dtype).to(device);
      sin = angle.sin().to(c.dtype).to(device);
    }
    if (fused) {
      kernels::norm_rope_(x, weight, 1e-6, c.heads, cos, sin);
      results.push_back(x);
      continue;
    }
    x = at::rms_norm(x, {c.width}, weight, 1e-6);
    if (table_batch) {
      const auto halves = x.unflatten(2, {c.heads, 2, -1});
      const auto p = halves.select(3, 0), q = halves.select(3, 1);
      const auto co = cos.unflatten(2, {c.heads, -1}), si = sin.unflatten(2, {c.heads, -1});
      x = at::stack({at::addcmul(p * co, q, si, -1), at::addcmul(q * co, p, si)}, 3).flatten(2);
    }
    results.push_back(x);
  }
  return results;
}

std::vector<at::Tensor> gate(const Case& c, at::Device device, bool fused) {
  auto o = random({kBatch, kTokens, c.width}, 1, c.dtype).to(device);
  const auto logits = (4 * random({kBatch, kTokens, c.heads}, 2)).to(c.dtype).to(device);
  if (fused) {
    kernels::head_gate_(o, logits);
    return {o};
  }
  return {(o.unflatten(2, {c.heads, -1}) * (logits.sigmoid() * 2).unsqueeze(3)).flatten(2)};
}

std::vector<at::Tensor> gelu(const Case& c, at::Device device, bool fused) {
  auto x = (4 * random({kBatch, kTokens, c.width}, 1)).to(c.dtype);
  x.view({-1}).narrow(0, 0, 4).copy_(at::tensor({0.0, -60.0, 60.0, 1e-4}));
  x = x.to(device);
  if (!fused) return {at::gelu(x, "tanh")};
  kernels::gelu_(x);
  return {x};
}

using Run = std::vector<at::Tensor> (*)(const Case&, at::Device, bool);
// Everything an operation writes for one set of inputs, fused or by plain operators, on any device.
const std::pair<const char*, Run> kOperations[] = {{"residual_norm", residual},
                                                   {"modulate", modulation},
                                                   {"norm_rope", rotation},
                                                   {"head_gate", gate},
                                                   {"gelu", gelu}};

}  // namespace

TEST_CASE("the fused operations give what the chains of operators give") {
  const at::NoGradGuard no_grad;
  for (const auto& operation : kOperations) {
    for (const auto& c : kCases) {
      INFO(operation.first, " width ", c.width, c.dtype == at::kFloat ? " fp32" : " bf16");
      const auto fused = operation.second(c, at::kCPU, true), plain = operation.second(c, at::kCPU, false);
      REQUIRE(fused.size() == plain.size());
      for (size_t i = 0; i < fused.size(); ++i) {
        INFO("output ", i);
        check_near(fused[i], plain[i]);
      }
    }
  }
}

TEST_CASE("every instruction set gives the same bits") {
  const auto& sets = kernels::cpu::available();
  REQUIRE(sets.count >= 1);
  const int64_t width = 44, tokens = 5;
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto element = dtype == at::kFloat ? kernels::Element::Float : kernels::Element::BFloat16;
    std::vector<at::Tensor> first;
    for (int i = 0; i < sets.count; ++i) {
      const auto& rows = *sets.rows[i];
      INFO(rows.name);
      auto x = random({tokens, width}, 1, dtype), out = at::empty_like(x),
           g = random({tokens, width}, 2, dtype), q = random({tokens, width}, 3, dtype),
           o = random({tokens, width}, 4, dtype);
      const auto y = random({tokens, width}, 5, dtype), row = random({width}, 6, dtype),
                 table = random({tokens, width / 2}, 7, dtype), logits = random({tokens, 2}, 8, dtype);
      kernels::ResidualNormArguments a;
      a.element = element;
      a.rows = tokens;
      a.width = width;
      a.eps = 1e-6F;
      a.x = x.data_ptr();
      a.y = y.const_data_ptr();
      a.gate = {row.const_data_ptr(), width, nullptr};
      a.outs[0] = {out.data_ptr(), a.gate, a.gate};
      a.out_count = 1;
      rows.residual_norm(a, 0, tokens);
      kernels::NormRopeArguments r;
      r.element = element;
      r.rows = tokens;
      r.width = width;
      r.heads = 2;
      r.eps = 1e-6F;
      r.x = q.data_ptr();
      r.weight = row.const_data_ptr();
      r.cos = table.const_data_ptr();
      r.sin = table.const_data_ptr();
      r.table_rows = tokens;
      rows.norm_rope(r, 0, tokens);
      rows.head_gate({element, tokens, 2, width / 2, o.data_ptr(), logits.const_data_ptr()}, 0, tokens);
      rows.gelu({element, tokens, width, g.data_ptr()}, 0, tokens);
      const std::vector<at::Tensor> results = {x, out, q, o, g};
      if (first.empty()) first = results;
      for (size_t k = 0; k < results.size(); ++k) CHECK(at::equal(results[k], first[k]));
    }
  }
}

TEST_CASE("a NaN is not lost") {
  const at::NoGradGuard no_grad;
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    auto x = at::full({1, 2, 20}, nan).to(dtype), o = at::ones({1, 2, 20}).to(dtype);
    kernels::gelu_(x);
    CHECK(x.isnan().all().item<bool>());
    kernels::head_gate_(o, at::full({1, 2, 5}, nan).to(dtype));
    CHECK(o.isnan().all().item<bool>());
    const TokenRows row{at::ones({1, 20}).to(dtype), {}};
    const kernels::ScaleShiftRows both{row, row};
    auto stream = at::zeros({1, 2, 20}).to(dtype);
    const auto out = kernels::residual_norm(stream, x, &row, {&both}, 1e-6);
    CHECK(out[0].isnan().all().item<bool>());
    CHECK(stream.isnan().all().item<bool>());
  }
}

TEST_CASE("rows that do not fit are refused, gradients and other dtypes are not fused") {
  const auto x = random({1, 3, 8}, 1);
  CHECK_FALSE(kernels::fusible(x));  // gradients are on
  const at::NoGradGuard no_grad;
  CHECK(kernels::fusible(x));
  CHECK_FALSE(kernels::fusible(x.to(at::kDouble)));
  CHECK_FALSE(kernels::fusible(x.transpose(1, 2)));
  const TokenRows narrow{random({1, 4}, 2), {}}, several{random({2, 8}, 2), {}}, fits{random({1, 8}, 2), {}};
  CHECK_THROWS_AS(kernels::modulate(x, narrow, fits), Error);
  CHECK_THROWS_AS(kernels::modulate(x, fits, several), Error);
  CHECK_THROWS_AS(kernels::modulate(x, {fits.values.to(at::kBFloat16), {}}, fits), Error);
  auto q = x.clone();
  CHECK_THROWS_AS(kernels::norm_rope_(q, random({8}, 1), 1e-6, 2, random({1, 2, 4}, 1), random({1, 2, 4}, 1)),
                  Error);
  const auto residual = [&](const at::Tensor& y) { kernels::residual_norm(q, y, nullptr, {nullptr}, 1e-6); };
  CHECK_NOTHROW(residual(x));
  CHECK_THROWS_AS(residual(x.to(at::kBFloat16)), Error);
  CHECK_THROWS_AS(residual(random({1, 2, 8}, 1)), Error);
  CHECK_NOTHROW(kernels::head_gate_(q, random({1, 3, 2}, 1)));
  CHECK_THROWS_AS(kernels::head_gate_(q, random({1, 3, 2}, 1).to(at::kBFloat16)), Error);
  CHECK_THROWS_AS(kernels::head_gate_(q, random({1, 2, 2}, 1)), Error);
  CHECK_THROWS_AS(kernels::head_gate_(q, random({1, 3, 3}, 1)), Error);
}

TEST_SUITE("gpu") {
  TEST_CASE("the CUDA kernels give what the CPU twins give") {
    if (device::cuda_device_count() == 0) {
      MESSAGE("no CUDA device: skipped");
      return;
    }
    const at::NoGradGuard no_grad;
    const at::Device cuda(at::kCUDA, 0);
    for (const auto& operation : kOperations) {
      for (const auto& c : kCases) {
        INFO(operation.first, " width ", c.width, c.dtype == at::kFloat ? " fp32" : " bf16");
        const auto expected = operation.second(c, at::kCPU, true), found = operation.second(c, cuda, true);
        for (size_t i = 0; i < found.size(); ++i) check_near(found[i].cpu(), expected[i]);
      }
    }
  }
}
