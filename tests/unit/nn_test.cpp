#include "nn/attention.h"

#include <ATen/CPUGeneratorImpl.h>
#include <doctest/doctest.h>

#include "base/error.h"
#include "nn/feed_forward.h"
#include "nn/norm.h"

using namespace ltx;

namespace {

at::Tensor random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).to(at::kDouble).norm() / b.to(at::kDouble).norm()).item<double>();
}

constexpr int64_t kHeads = 2, kHeadDim = 6, kInner = kHeads * kHeadDim, kQuery = 10, kContext = 7;

std::map<std::string, at::Tensor> attention_weights(bool gated) {
  std::map<std::string, at::Tensor> w;
  const auto linear = [&](const std::string& name, int64_t in, int64_t out, uint64_t seed) {
    w[name + ".weight"] = random({out, in}, seed) * 0.4;
    w[name + ".bias"] = random({out}, seed + 1) * 0.1;
  };
  linear("to_q", kQuery, kInner, 1);
  linear("to_k", kContext, kInner, 3);
  linear("to_v", kContext, kInner, 5);
  linear("to_out.0", kInner, kQuery, 7);
  w["q_norm.weight"] = 1 + 0.2 * random({kInner}, 9);
  w["k_norm.weight"] = 1 + 0.2 * random({kInner}, 10);
  if (gated) linear("to_gate_logits", kQuery, kHeads, 11);
  return w;
}

nn::Attention attention(const std::map<std::string, at::Tensor>& w, bool gated) {
  const weights::View view(std::make_shared<weights::MemoryStore>(w));
  return {quant::Source(view, at::kCPU, at::kFloat), {kQuery, kContext, kHeads, kHeadDim, gated, 1e-6}};
}

nn::RopeTable table(nn::RopeType type, int64_t tokens, int64_t width = kInner, int64_t heads = kHeads) {
  nn::RopeSpec spec;
  spec.width = width;
  spec.heads = heads;
  spec.max_pos = {20};
  spec.type = type;
  return nn::rope_table(spec, at::arange(tokens, at::TensorOptions(at::kFloat)).view({1, 1, tokens}),
                        at::kFloat);
}

}  // namespace

TEST_CASE("grids begin at π/2 and end at θπ/2; a grid of one is π/2; neutral pairs come first") {
  for (const auto grid : {nn::RopeGrid::Float64, nn::RopeGrid::Float32}) {
    nn::RopeSpec spec;
    spec.width = 64;
    spec.heads = 4;
    spec.max_pos = {20, 2048, 2048};
    spec.grid = grid;
    const auto f = nn::rope_frequencies(spec);
    REQUIRE(f.size(0) == 10);
    CHECK(f[0].item<float>() == doctest::Approx(1.5707964F));
    CHECK(f[9].item<float>() == doctest::Approx(15707.963F));
    spec.width = 6;
    CHECK(nn::rope_frequencies(spec).item<float>() == doctest::Approx(1.5707964F));
  }
  nn::RopeSpec spec;
  spec.width = 64;
  spec.heads = 4;
  spec.max_pos = {20, 2048, 2048};
  const auto t = nn::rope_table(spec, random({2, 3, 5}, 1), at::kFloat);  // pad 32 − 30
  CHECK(at::equal(t.cos.narrow(2, 0, 2), at::ones({2, 5, 2})));
  CHECK(at::equal(t.sin.narrow(2, 0, 2), at::zeros({2, 5, 2})));
  CHECK(at::equal(nn::RopeTable::from_heads(t.by_head(t.cos), t.by_head(t.sin)).cos, t.cos));
}

TEST_CASE(
    "a rotation keeps the length of each pair; both types are one rotation up to the order of channels") {
  const int64_t tokens = 5;
  const auto x = random({2, tokens, kInner}, 1);
  const auto split = table(nn::RopeType::Split, tokens),
             interleaved = table(nn::RopeType::Interleaved, tokens);
  const auto turned = nn::apply_rope(x, split);
  const auto lengths = [](const at::Tensor& t) { return t.unflatten(2, {kHeads, 2, -1}).square().sum(3); };
  CHECK(at::allclose(lengths(turned), lengths(x), 1e-5, 1e-6));
  CHECK_FALSE(at::allclose(turned, x));
  // split channel j of a head ↔ interleaved 2j, split d/2 + j ↔ 2j + 1
  const auto weave = [](const at::Tensor& t) {
    return t.unflatten(2, {kHeads, 2, -1}).transpose(3, 4).flatten(2);
  };
  CHECK(at::allclose(nn::apply_rope(weave(x), interleaved), weave(turned), 1e-6, 1e-6));
}

TEST_CASE("tables and positions that do not fit are named") {
  const auto split = table(nn::RopeType::Split, 5);
  CHECK_THROWS_WITH_AS(nn::apply_rope(random({1, 4, kInner}, 1), split), doctest::Contains("5 tokens"),
                       Error);
  CHECK_THROWS_AS(nn::apply_rope(random({1, 5, kInner + 2}, 1), split), Error);
  auto batch = split;
  batch.cos = split.cos.repeat({2, 1, 1});
  batch.sin = split.sin.repeat({2, 1, 1});
  CHECK_THROWS_WITH_AS(nn::apply_rope(random({3, 5, kInner}, 1), batch), doctest::Contains("batch 2"), Error);
  nn::RopeSpec spec;
  spec.width = 12;
  spec.max_pos = {20, 20};
  CHECK_THROWS_WITH_AS(nn::rope_table(spec, random({1, 1, 3}, 1), at::kFloat), doctest::Contains("2"), Error);
  CHECK_THROWS_AS(nn::midpoints(random({1, 1, 3}, 1)), Error);
  CHECK_FALSE(nn::rope_type_named("Split").has_value());
  const at::NoGradGuard no_grad;
  CHECK_THROWS_WITH_AS(nn::norm_rope(random({1, 4, kInner}, 1), at::ones({kInner}), 1e-6, &split),
                       doctest::Contains("5 tokens"), Error);
}

TEST_CASE(
    "with and without gradients attention and feed-forward agree, and write to nothing they were given") {
  const auto layer = attention(attention_weights(true), true);
  const auto x = random({2, 4, kQuery}, 20), context = random({2, 5, kContext}, 21);
  const auto x_before = x.clone(), context_before = context.clone();
  const auto q_rope = table(nn::RopeType::Split, 4), k_rope = table(nn::RopeType::Split, 5);
  const auto q_inter = table(nn::RopeType::Interleaved, 4), k_inter = table(nn::RopeType::Interleaved, 5);
  for (const auto& inputs :
       {nn::AttentionInputs{}, nn::AttentionInputs{random({4, 5}, 30), &q_rope, &k_rope, {}, false},
        nn::AttentionInputs{random({2, 4, 5}, 30), &q_inter, &k_inter, {}, false},
        nn::AttentionInputs{random({2, 1, 4, 5}, 30), nullptr, nullptr, {}, false}}) {
    const auto plain = layer(x, context, inputs);
    const at::NoGradGuard no_grad;
    CHECK(distance(layer(x, context, inputs), plain) < 1e-6);
    const auto kv = layer.project(context, inputs.key_rope);
    const auto kept = kv.value.clone();
    CHECK(distance(layer.attend(x, kv, inputs), plain) < 1e-6);
    CHECK(at::equal(kv.value, kept));
  }
  CHECK(at::equal(x, x_before));
  CHECK(at::equal(context, context_before));

  const std::map<std::string, at::Tensor> w = {{"net.0.proj.weight", random({40, 10}, 1)},
                                               {"net.2.weight", random({10, 40}, 2)}};
  const nn::FeedForward ff(
      quant::Source(weights::View(std::make_shared<weights::MemoryStore>(w)), at::kCPU, at::kFloat), 10,
      false);
  const auto plain = ff(x);
  const at::NoGradGuard no_grad;
  CHECK(distance(ff(x), plain) < 1e-6);
}

TEST_CASE("the value path ignores queries and keys, uses the gate, and leaves kept values alone") {
  auto w = attention_weights(true);
  const auto context = random({1, 4, kContext}, 21);
  const auto x = random({1, 4, kQuery}, 20);
  const at::NoGradGuard no_grad;
  const auto layer = attention(w, true);
  const nn::AttentionInputs value_only{{}, nullptr, nullptr, {}, true};
  const auto out = layer(x, context, value_only);
  const auto kv = layer.project(context);
  const auto kept = kv.value.clone();
  CHECK(at::equal(layer.attend(x, kv, value_only), out));
  CHECK(at::equal(kv.value, kept));
  w["to_q.weight"] = w["to_q.weight"] * 2;
  w["k_norm.weight"] = w["k_norm.weight"] * 3;
  CHECK(at::equal(attention(w, true)(x, context, value_only), out));
  w["to_gate_logits.bias"] = w["to_gate_logits.bias"] + 1;
  CHECK_FALSE(at::equal(attention(w, true)(x, context, value_only), out));
}

TEST_CASE("gates of zero are no gates; the norm spans all heads") {
  auto w = attention_weights(true);
  const auto x = random({1, 4, kQuery}, 20), context = random({1, 3, kContext}, 21);
  w["to_gate_logits.weight"].zero_();
  w["to_gate_logits.bias"].zero_();
  CHECK(at::allclose(attention(w, true)(x, context), attention(attention_weights(false), false)(x, context)));
  auto q = random({1, 1, kInner}, 1), scaled = q.clone();
  scaled.narrow(2, 0, kHeadDim).mul_(5);
  const auto weight = at::ones({kInner});
  CHECK_FALSE(at::allclose(nn::norm_rope(q, weight, 1e-6, nullptr).narrow(2, kHeadDim, kHeadDim),
                           nn::norm_rope(scaled, weight, 1e-6, nullptr).narrow(2, kHeadDim, kHeadDim)));
}

TEST_CASE("a row in which every key is masked is the plain average of the values") {
  const auto q = random({1, 2, 4}, 1), k = random({1, 3, 4}, 2), v = random({1, 3, 4}, 3);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const auto mask = at::full({1, 1, 2, 3}, -std::numeric_limits<float>::max());
    const auto out = nn::dot_product_attention(q.to(dtype), k.to(dtype), v.to(dtype), 2, mask).to(at::kFloat);
    CHECK(at::allclose(out, v.mean(1, true).expand({1, 2, 4}), 1e-2, dtype == at::kFloat ? 1e-6 : 1e-2));
  }
  CHECK_THROWS_AS(nn::dot_product_attention(q, k, v, 2, at::zeros({3})), Error);
}
