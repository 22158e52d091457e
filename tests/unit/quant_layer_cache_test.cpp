// Layers that stay when a network is loaded again with other LoRAs.
#include <ATen/ATen.h>

#include "file_fixture.h"
#include "quant/context.h"
#include "quant/layer_cache.h"
#include "quant/linear.h"
#include "quant_test_store.h"

using namespace ltx;
using namespace ltx::quant;
using ltx::quant::test::TestStore;

namespace {

const char* const kLayers[] = {"transformer_blocks.0.attn1.to_q", "transformer_blocks.0.attn1.to_k",
                               "transformer_blocks.0.ff.net.2"};

/// Layers [64, 128] with biases; those named in `updated` have a LoRA of the given strength.
std::shared_ptr<TestStore> file(const std::map<std::string, double>& updated = {}) {
  at::manual_seed(5);
  auto store = std::make_shared<TestStore>();
  for (const std::string layer : kLayers) {
    store->plain(layer + ".weight", (at::randn({64, 128}) * 0.02).to(at::kBFloat16));
    store->plain(layer + ".bias", at::randn({64}).to(at::kBFloat16));
    const auto up = at::randn({64, 4}).to(at::kBFloat16), down = at::randn({4, 128}).to(at::kBFloat16);
    if (const auto found = updated.find(layer); found != updated.end())
      store->update(layer, {up, down, found->second});
  }
  return store;
}

struct Network {
  std::vector<Linear> layers;
  std::vector<at::Tensor> outputs() const {
    at::manual_seed(9);
    const auto x = at::randn({3, 128}).to(at::kBFloat16);
    std::vector<at::Tensor> y;
    for (const auto& layer : layers) y.push_back(layer(x));
    return y;
  }
};

Network build(Kind kind, std::shared_ptr<const weights::Store> store,
              const std::shared_ptr<LayerCache>& cache = nullptr, LoraOrder order = LoraOrder::Auto) {
  Context wanted;
  Options options;
  options.lora_order = order;
  wanted.policy = Policy(Target::Transformer, kind, options);
  wanted.layers = cache;
  if (cache) store = without_held(store, *cache);
  const auto context = make_context(wanted, *store);
  const Source source(weights::View(store), at::kCPU, at::kBFloat16, context);
  Network network;
  for (const auto* layer : kLayers) network.layers.emplace_back(source / layer, 128, 64);
  CHECK(source.view().unused().empty());
  return network;
}

LayerCache::UpdateOf as(const std::map<std::string, double>& updated) {
  return [updated](std::string_view layer) {
    const auto found = updated.find(std::string(layer));
    return found == updated.end() ? std::string() : std::to_string(found->second);
  };
}

}  // namespace

TEST_CASE("layer cache: only layers with another update are read, the outputs are those of a fresh load") {
  const std::map<std::string, double> none, one = {{kLayers[0], 0.01}},
                                            other = {{kLayers[0], 0.02}, {kLayers[2], 0.01}};
  for (const auto kind : {Kind::None, Kind::Int8, Kind::Int8Dynamic, Kind::Fp8WeightOnly, Kind::Fp8Cast})
    for (const auto order : {LoraOrder::Auto, LoraOrder::After, LoraOrder::Runtime}) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(static_cast<int>(order));
      const auto cache = std::make_shared<LayerCache>();
      std::optional<Network> network;
      const auto change = [&](const std::map<std::string, double>& updated, std::set<std::string> read) {
        const auto store = file(updated);
        const LayerCache::Load load(*cache, as(updated));
        network.reset();
        network.emplace(build(kind, store, cache, order));
        std::set<std::string> seen;
        for (const auto& [name, count] : store->reads) {
          CHECK(count == 1);
          seen.insert(name.substr(0, name.rfind('.')));
        }
        CHECK(seen == read);
        const auto fresh = build(kind, file(updated), nullptr, order).outputs(), now = network->outputs();
        for (size_t i = 0; i < fresh.size(); ++i) CHECK(at::equal(now[i], fresh[i]));
      };
      const std::set<std::string> all(std::begin(kLayers), std::end(kLayers));
      change(none, all);
      change(one, {kLayers[0]});
      change(one, {});
      change(other, {kLayers[0], kLayers[2]});
      change(none, {kLayers[0], kLayers[2]});
      network.reset();
      change(none, all);  // nobody keeps what no network has
    }
}

TEST_CASE(
    "layer cache: a layer of another shape is not taken over, and a load that fails leaves nothing held") {
  const auto cache = std::make_shared<LayerCache>();
  std::optional<Network> network;
  {
    const LayerCache::Load load(*cache, as({}));
    network.emplace(build(Kind::Int8, file(), cache));
    CHECK(!cache->holds_any());
  }
  const std::string weight = std::string(kLayers[1]) + ".weight";
  {
    const LayerCache::Load load(*cache, as({}));
    CHECK(cache->holds_any());
    CHECK(cache->covers(weight));
    CHECK(!cache->covers(std::string(kLayers[1]) + ".input_scale"));
    CHECK(held_bytes(*file(), *cache) == 3 * (64 * 128 + 64) * 2);
    const auto store = without_held(file(), *cache);
    Context wanted;
    wanted.policy = Policy(Target::Transformer, Kind::Int8);
    wanted.layers = cache;
    const Source source(weights::View(store), at::kCPU, at::kBFloat16, make_context(wanted, *store));
    ltx::test::check_error(Status::TensorMismatch, {weight, "[64, 256]", "[64, 128]"},
                           [&] { Linear(source / kLayers[1], 256, 64); });
  }
  CHECK(!cache->holds_any());
  CHECK(!cache->find(kLayers[1]));
}
