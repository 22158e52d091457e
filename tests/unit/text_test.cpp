// Language model, feature extractor, connectors: the invariants of spec 03 (a) that goldens do not show, and
// the errors.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>

#include "file_fixture.h"
#include "models/text/default_prompts.h"
#include "models/text/duration_head.h"
#include "models/text/embeddings_processor.h"
#include "models/text/gemma.h"
#include "nn/norm.h"
#include "text_fixture.h"
#include "weights/model_files.h"

using namespace ltx;
using namespace ltx::text;
using ltx::test::check_error;
using ltx::test::gemma_json;
using ltx::test::gemma_tensors;
using ltx::test::Tensors;
using nlohmann::json;

namespace {

json changed(json config, const std::string& key, const json& value) {
  config["text_config"][key] = value;
  return config;
}

quant::Source source_of(const Tensors& tensors, at::ScalarType dtype = at::kFloat) {
  return {weights::View(std::make_shared<weights::MemoryStore>(tensors)), at::kCPU, dtype};
}

std::vector<at::Tensor> all_states(const Gemma& model, const at::Tensor& ids, const at::Tensor& mask,
                                   int64_t first = 0) {
  std::vector<at::Tensor> states;
  model.states(ids, mask, first, Monitor::silent(),
               [&](int64_t, const at::Tensor& state) { states.push_back(state); });
  return states;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

}  // namespace

TEST_CASE("an empty text_config is the library's default model") {
  const auto config = GemmaConfig::parse({{"model_type", "gemma3"}}, "config.json");
  CHECK(config.hidden == 2304);
  CHECK(config.intermediate == 9216);
  CHECK(config.layers.size() == 26);
  CHECK(config.heads == 8);
  CHECK(config.layers[0].kv_heads == 4);
  CHECK(config.layers[0].head_dim == 256);
  CHECK(config.sliding_window == 4096);
  CHECK(config.vocabulary == 262208);
  CHECK(config.attention_scale == doctest::Approx(1.0 / 16));
  CHECK(config.layers[4].local);
  CHECK_FALSE(config.layers[5].local);
  CHECK(config.global_rope.theta == 1e6);
  CHECK(config.global_rope.factor == 1.0);
  CHECK(config.local_rope.theta == 1e4);
  CHECK(config.states() == 27);
}

TEST_CASE("both spellings of rotary settings and of layer kinds are read") {
  auto json_config = gemma_json();
  json_config["text_config"].erase("rope_scaling");
  json_config["text_config"].erase("sliding_window_pattern");
  json_config["text_config"]["rope_parameters"] = {
      {"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 5e5}}},
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 2e4}}}};
  json_config["text_config"]["layer_types"] = {"full_attention", "sliding_attention", "sliding_attention",
                                               "sliding_attention"};
  const auto config = GemmaConfig::parse(json_config, "config.json");
  CHECK(config.global_rope.factor == 8.0);
  CHECK(config.global_rope.theta == 5e5);
  CHECK(config.local_rope.theta == 2e4);
  CHECK(config.local_rope.factor == 1.0);
  CHECK_FALSE(config.layers[0].local);
  CHECK(config.layers[3].local);
}

TEST_CASE("a Gemma 4 config forces its last layer to be global, with one shared key-value head") {
  const json config_json = {{"model_type", "gemma4_unified"},
                            {"image_token_id", 7},
                            {"text_config",
                             {{"num_hidden_layers", 2},
                              {"attention_k_eq_v", true},
                              {"num_global_key_value_heads", 1},
                              {"num_key_value_heads", 2},
                              {"layer_types", {"sliding_attention", "sliding_attention"}}}}};
  const auto config = GemmaConfig::parse(config_json, "config.json");
  CHECK(config.layers[0].local);
  CHECK_FALSE(config.layers[1].local);
  CHECK(config.layers[1].value_is_key);
  CHECK(config.layers[1].kv_heads == 1);
  CHECK(config.layers[1].head_dim == 512);
  CHECK(config.global_rope.angles == 64);
  CHECK(config.attention_scale == 1.0);
  CHECK(config.placeholder_ids == std::vector<int64_t>{7});
}

TEST_CASE("configs that no model here fits are refused by file and key") {
  const auto refuse = [](Status status, std::initializer_list<std::string_view> parts, const json& config) {
    check_error(status, parts, [&] { GemmaConfig::parse(config, "gemma/config.json"); });
  };
  refuse(Status::ModelConfig, {"gemma/config.json", "model_type", "llama"}, {{"model_type", "llama"}});
  refuse(Status::Unsupported, {"gemma4"}, {{"model_type", "gemma4"}});
  refuse(Status::ModelConfig, {"text_config.hidden_size", "-3"}, changed(gemma_json(), "hidden_size", -3));
  refuse(Status::ModelConfig, {"hidden_size", "multiple"}, changed(gemma_json(), "num_attention_heads", 6));
  refuse(Status::ModelConfig, {"num_key_value_heads", "3"}, changed(gemma_json(), "num_key_value_heads", 3));
  refuse(Status::ModelConfig, {"num_hidden_layers", "\"four\""},
         changed(gemma_json(), "num_hidden_layers", "four"));
  refuse(Status::ModelConfig, {"num_hidden_layers", "4096"},
         changed(gemma_json(), "num_hidden_layers", 2000000000));
  refuse(Status::ModelConfig, {"layer_types", "4 entries", "1"},
         changed(gemma_json(), "layer_types", {"full_attention"}));
  refuse(Status::ModelConfig, {"layer_types", "'linear_attention'"},
         changed(gemma_json(), "layer_types", {"linear_attention"}));
  refuse(Status::ModelConfig, {"rope_type", "'yarn'"},
         changed(gemma_json(), "rope_scaling", {{"rope_type", "yarn"}, {"factor", 2}}));
  refuse(Status::ModelConfig, {"hidden_activation", "silu"},
         changed(gemma_json(), "hidden_activation", "silu"));
  refuse(Status::Unsupported, {"attn_logit_softcapping"},
         changed(gemma_json(), "attn_logit_softcapping", 50.0));
  refuse(Status::ModelConfig, {"text_config", "array"},
         {{"model_type", "gemma3"}, {"text_config", json::array()}});
}

TEST_CASE("padding does not change the states of valid tokens, in either family") {
  const at::NoGradGuard no_grad;
  auto gemma4 = gemma_json();
  gemma4["model_type"] = "gemma4_unified";
  gemma4["text_config"].erase("rope_scaling");
  gemma4["text_config"]["global_head_dim"] = 8;
  for (const auto& config_json : {gemma_json(), gemma4}) {
    const auto config = GemmaConfig::parse(config_json, "config.json");
    const Gemma model(config, source_of(gemma_tensors(config)));
    const auto ids = at::randint(3, 40, {1, 9}, at::kLong);
    const auto alone = all_states(model, ids, at::ones({1, 9}, at::kLong), 4);
    const auto padded_ids = at::cat({at::zeros({1, 4}, at::kLong), ids}, 1);
    const auto mask = at::cat({at::zeros({1, 4}, at::kLong), at::ones({1, 9}, at::kLong)}, 1);
    const auto padded = all_states(model, padded_ids, mask);
    REQUIRE(alone.size() == 5);
    for (size_t i = 0; i < alone.size(); ++i) {
      CHECK(padded[i].isfinite().all().item<bool>());
      CHECK(distance(padded[i].slice(1, 4), alone[i]) < 1e-6);
    }
    // Distances between positions matter.
    const auto spread = at::arange(0, 27, 3, at::kLong);
    const auto apart = model.run(model.embed(ids), {spread, {}, {}}, Monitor::silent());
    const auto together = model.run(model.embed(ids), {at::arange(9, at::kLong), {}, {}}, Monitor::silent());
    CHECK(distance(apart, together) > 1e-3);
  }
}

TEST_CASE("the first state is the scaled embedding, the last one alone is normed") {
  const at::NoGradGuard no_grad;
  const auto config = GemmaConfig::parse(gemma_json(), "config.json");
  auto tensors = gemma_tensors(config);
  const auto ids = at::tensor({2, 7, 9}, at::kLong).unsqueeze(0);
  const auto states = all_states(Gemma(config, source_of(tensors)), ids, at::ones({1, 3}, at::kLong));
  CHECK(at::equal(states[0][0][1], tensors["embed_tokens.weight"][7] * 4.0));
  const auto rms = [&](const at::Tensor& x) { return x.square().mean(-1).sqrt(); };
  CHECK(at::allclose(rms(states[4] / (1 + tensors["norm.weight"])), at::ones({1, 3}), 1e-4));
  CHECK_FALSE(at::allclose(rms(states[3] / (1 + tensors["norm.weight"])), at::ones({1, 3}), 1e-2));
}

TEST_CASE("local layers look back sliding_window tokens, global ones all the way") {
  const at::NoGradGuard no_grad;
  auto config_json = changed(gemma_json(), "num_hidden_layers", 1);
  const auto reaches = [&](int64_t pattern) {
    const auto config =
        GemmaConfig::parse(changed(config_json, "sliding_window_pattern", pattern), "config.json");
    const Gemma model(config, source_of(gemma_tensors(config)));
    auto ids = at::arange(3, 11, at::kLong).unsqueeze(0);
    const auto mask = at::ones({1, 8}, at::kLong);
    const auto before = all_states(model, ids, mask)[1];
    ids[0][1] = 30;
    const auto moved = (all_states(model, ids, mask)[1] - before).abs().amax(-1)[0];  // [8]
    int64_t last = 0;
    for (int64_t t = 0; t < 8; ++t)
      if (moved[t].item<double>() > 1e-6) last = t;
    CHECK(moved[0].item<double>() == 0);  // causal
    return last;
  };
  CHECK(reaches(2) == 5);  // token 1 and the four after it
  CHECK(reaches(1) == 7);
}

TEST_CASE("remembered keys continue a prompt exactly") {
  const at::NoGradGuard no_grad;
  const auto config = GemmaConfig::parse(changed(gemma_json(), "sliding_window", 64), "config.json");
  const Gemma model(config, source_of(gemma_tensors(config)));
  const auto ids = at::randint(3, 40, {1, 7}, at::kLong);
  const auto positions = at::arange(7, at::kLong);
  const auto whole = model.run(model.embed(ids), {positions, {}, {}}, Monitor::silent());
  std::vector<GemmaMemory> memory;
  model.run(model.embed(ids.slice(1, 0, 6)), {positions.slice(0, 0, 6), {}, {}}, Monitor::silent(), {},
            &memory);
  const auto last = model.run(model.embed(ids.slice(1, 6)), {positions.slice(0, 6), {}, {}},
                              Monitor::silent(), {}, &memory);
  CHECK(distance(last[0][0], whole[0][6]) < 1e-6);
}

TEST_CASE("the language model is cancelled before a layer and refuses ids beyond its rows") {
  const auto config = GemmaConfig::parse(gemma_json(), "config.json");
  const Gemma model(config, source_of(gemma_tensors(config)));
  struct Stop : Monitor {
    mutable int calls = 0;
    bool cancelled() const override { return ++calls > 2; }
  } monitor;
  int64_t last = -1;
  const auto ids = at::ones({1, 3}, at::kLong);
  check_error(Status::Cancelled, {}, [&] {
    model.states(ids, ids, 0, monitor, [&](int64_t index, const at::Tensor&) { last = index; });
  });
  CHECK(last == 1);
  check_error(Status::ModelConfig, {"id 40", "40 embedding rows"}, [&] {
    model.embed(at::full({1, 1}, 40, at::kLong));
  });
}

TEST_CASE("a missing tensor of the language model is named") {
  const auto config = GemmaConfig::parse(gemma_json(), "config.json");
  auto tensors = gemma_tensors(config);
  tensors.erase("layers.2.self_attn.k_norm.weight");
  check_error(Status::TensorMissing, {"layers.2.self_attn.k_norm.weight"},
              [&] { Gemma(config, source_of(tensors)); });
  tensors = gemma_tensors(config);
  tensors["layers.1.mlp.up_proj.weight"] = at::zeros({24, 15});
  check_error(Status::TensorMismatch, {"layers.1.mlp.up_proj.weight"},
              [&] { Gemma(config, source_of(tensors)); });
}

TEST_CASE("gradients reach every weight of the language model") {
  const auto config = GemmaConfig::parse(gemma_json(), "config.json");
  auto tensors = gemma_tensors(config);
  for (auto& [name, tensor] : tensors) tensor.requires_grad_(true);
  const Gemma model(config, source_of(tensors));
  const auto ids = at::randint(0, 40, {1, 6}, at::kLong);
  model.run(model.embed(ids), layout_padded(at::ones({1, 6}, at::kLong), 0, 64), Monitor::silent())
      .square()
      .sum()
      .backward();
  for (const auto& entry : tensors) {
    const auto& tensor = entry.second;
    CAPTURE(entry.first);
    REQUIRE(tensor.grad().defined());
    CHECK(tensor.grad().abs().max().item<double>() > 0);
  }
}

// ---- feature extractor

namespace {

Tensors v2_projections(int64_t in, int64_t video, int64_t audio) {
  return {{"video_aggregate_embed.weight", at::zeros({video, in})},
          {"video_aggregate_embed.bias", at::zeros({video})},
          {"audio_aggregate_embed.weight", at::zeros({audio, in})},
          {"audio_aggregate_embed.bias", at::zeros({audio})}};
}

}  // namespace

TEST_CASE("V1 statistics ignore pads and an affine map of a layer; the range over valid tokens becomes 8") {
  const FeatureExtractor extractor(ExtractorVersion::V1, {6, 2, 4, 4},
                                   source_of({{"aggregate_embed.weight", at::randn({4, 12})}}));
  const auto x = at::randn({1, 5, 6});
  const auto valid = at::ones({1, 5}, at::kBool);
  const auto y = extractor.normalize(x, valid);
  CHECK((y.max() - y.min()).item<double>() == doctest::Approx(8).epsilon(1e-4));
  CHECK(distance(extractor.normalize(x * 3 + 100, valid), y) < 1e-4);
  const auto padded = at::cat({at::full({1, 3, 6}, 1e4), x}, 1);
  const auto mask = at::cat({at::zeros({1, 3}, at::kBool), valid}, 1);
  const auto z = extractor.normalize(padded, mask);
  CHECK(distance(z.slice(1, 3), y) < 1e-6);
  CHECK(z.slice(1, 0, 3).abs().max().item<double>() == 0);
  const auto [video, audio] = extractor.project(extractor.stack({x, x}, valid));
  CHECK(video.is_same(audio));
}

TEST_CASE("V2 gives each token and state unit RMS, and state l of channel d is column d·L + l") {
  auto tensors = v2_projections(4 * 3, 8, 2);
  tensors["video_aggregate_embed.weight"][5][2 * 3 + 1] = 1.0;  // d = 2, l = 1
  const FeatureExtractor extractor(ExtractorVersion::V2, {4, 3, 8, 2}, source_of(tensors));
  const auto mask = at::tensor({0, 1, 1}).view({1, 3}).to(at::kBool);
  std::vector<at::Tensor> states = {at::randn({1, 3, 4}), at::randn({1, 3, 4}), at::randn({1, 3, 4})};
  const auto y = extractor.normalize(states[1], mask);
  CHECK(at::allclose(y.slice(1, 1).square().mean(-1).sqrt(), at::ones({1, 2}), 1e-4));
  const auto [video, audio] = extractor.project(extractor.stack(states, mask));
  CHECK(at::allclose(video.select(2, 5), y.select(2, 2) * std::sqrt(2.0)));
  CHECK(video.select(2, 4).abs().max().item<double>() == 0);
  CHECK(video.select(1, 0).abs().max().item<double>() == 0);
}

// ---- connectors

namespace {

ConnectorConfig connector_config(int64_t layers, bool gated) {
  ConnectorConfig config;
  config.heads = 2;
  config.head_dim = 4;
  config.layers = layers;
  config.max_pos = 64;
  config.gated = gated;
  config.grid = nn::RopeGrid::Float64;
  return config;
}

Tensors connector_tensors(const ConnectorConfig& config) {
  at::manual_seed(9);
  const auto C = config.width();
  Tensors tensors = {{"learnable_registers", at::randn({4, C})}};
  const auto linear = [&](const std::string& name, int64_t out, int64_t in) {
    tensors[name + ".weight"] = at::randn({out, in}) * 0.3;
    tensors[name + ".bias"] = at::randn({out}) * 0.3;
  };
  for (int64_t i = 0; i < config.layers; ++i) {
    const auto at = "transformer_1d_blocks." + std::to_string(i) + ".";
    for (const char* name : {"to_q", "to_k", "to_v", "to_out.0"}) linear(at + "attn1." + name, C, C);
    for (const char* name : {"q_norm", "k_norm"})
      tensors[at + "attn1." + name + ".weight"] = at::rand({C}) + 0.5;
    if (config.gated) linear(at + "attn1.to_gate_logits", config.heads, C);
    linear(at + "ff.net.0.proj", 4 * C, C);
    linear(at + "ff.net.2", C, 4 * C);
  }
  return tensors;
}

}  // namespace

TEST_CASE("registers fill the positions behind the tokens by absolute position") {
  const auto config = connector_config(0, false);
  const auto tensors = connector_tensors(config);
  const Connector connector(config, source_of(tensors));
  const auto tokens = at::randn({1, 3, 8});
  const auto valid = at::ones({1, 3}, at::kBool);
  const auto expected = at::cat({tokens[0], tensors.at("learnable_registers").repeat({2, 1}).slice(0, 3)});
  CHECK(at::equal(connector.fill(tokens, valid, 8)[0], expected));
  CHECK(at::allclose(connector(tokens, valid, 8, Monitor::silent())[0], nn::rms_norm(expected, 1e-6)));
  // Wherever the padding stood.
  const auto pads = at::full({1, 2, 8}, 9.0);
  const auto no = at::zeros({1, 2}, at::kBool);
  CHECK(at::equal(connector.fill(at::cat({pads, tokens}, 1), at::cat({no, valid}, 1), 8)[0], expected));
  CHECK(at::equal(connector.fill(at::cat({tokens, pads}, 1), at::cat({valid, no}, 1), 8)[0], expected));
  // A full context has no room for registers.
  const auto full = at::randn({1, 8, 8});
  CHECK(at::equal(connector.fill(full, at::ones({1, 8}, at::kBool), 8), full));
  check_error(Status::InvalidArgument, {"10", "4 registers", "12"},
              [&] { connector.fill(tokens, valid, 10); });
  check_error(Status::InvalidArgument, {"8 tokens", "4"}, [&] {
    connector.fill(full, at::ones({1, 8}, at::kBool), 4);
  });
}

TEST_CASE("prompts of a batch do not see each other, and zero gates equal none") {
  const at::NoGradGuard no_grad;
  auto gated = connector_config(2, true);
  auto tensors = connector_tensors(gated);
  for (auto& [name, tensor] : tensors)
    if (name.find("to_gate_logits") != std::string::npos) tensor.zero_();
  const Connector with_gates(gated, source_of(tensors));
  const auto features = at::randn({2, 5, 8});
  const auto mask = at::tensor({0, 0, 1, 1, 1, 1, 1, 1, 1, 1}).view({2, 5}).to(at::kBool);
  const auto both = with_gates(features, mask, 8, Monitor::silent());
  const auto second = with_gates(features.slice(0, 1), mask.slice(0, 1), 8, Monitor::silent());
  CHECK(distance(both[1], second[0]) < 1e-6);
  for (auto it = tensors.begin(); it != tensors.end();)
    it = it->first.find("to_gate_logits") != std::string::npos ? tensors.erase(it) : std::next(it);
  const Connector without(connector_config(2, false), source_of(tensors));
  CHECK(distance(without(features, mask, 8, Monitor::silent()), both) < 1e-6);
  CHECK(at::allclose(both.square().mean(-1).sqrt(), at::ones({2, 8}), 1e-3));
}

TEST_CASE("a connector's config and tensors must tell the same story") {
  const auto config = connector_config(2, true);
  const auto tensors = connector_tensors(config);
  auto other = config;
  other.layers = 1;
  check_error(Status::ModelConfig, {"1 layers", "transformer_1d_blocks.1"},
              [&] { Connector(other, source_of(tensors)); });
  other = config;
  other.gated = false;
  check_error(Status::ModelConfig, {"connector_apply_gated_attention", "false", "to_gate_logits"},
              [&] { Connector(other, source_of(tensors)); });
  other = config;
  other.ff_bias = false;
  check_error(Status::ModelConfig, {"connector_ff_bias", "ff.net.2.bias"},
              [&] { Connector(other, source_of(tensors)); });
}

TEST_CASE("connector keys fall back on those of the video connector, and widths are checked") {
  json transformer = {{"num_attention_heads", 4},
                      {"attention_head_dim", 12},
                      {"audio_num_attention_heads", 4},
                      {"audio_attention_head_dim", 6},
                      {"connector_num_attention_heads", 4},
                      {"connector_attention_head_dim", 12},
                      {"audio_connector_attention_head_dim", 6},
                      {"connector_num_layers", 3},
                      {"connector_positional_embedding_max_pos", {4096}},
                      {"frequencies_precision", "float64"},
                      {"caption_proj_before_connector", 1},
                      {"caption_projection_first_linear", 0.0},
                      {"caption_proj_input_norm", false},
                      {"caption_projection_second_linear", false}};
  const auto config = EmbeddingsConfig::parse(transformer, "m.safetensors");
  CHECK(config.version == ExtractorVersion::V2);
  CHECK(config.audio.layers == 3);
  CHECK(config.audio.heads == 4);
  CHECK(config.audio.width() == 24);
  CHECK(config.video.max_pos == 4096);
  CHECK(config.video.grid == nn::RopeGrid::Float64);
  CHECK_FALSE(config.video.gated);
  const auto refuse = [&](std::initializer_list<std::string_view> parts, const char* key, const json& value) {
    auto bad = transformer;
    bad[key] = value;
    check_error(Status::ModelConfig, parts, [&] { EmbeddingsConfig::parse(bad, "m.safetensors"); });
  };
  refuse({"m.safetensors", "attention_head_dim", "48", "40"}, "attention_head_dim", 10);
  refuse({"audio_attention_head_dim", "24"}, "audio_attention_head_dim", 5);
  refuse({"connector_num_layers", "4096"}, "connector_num_layers", 2000000000);
  refuse({"audio_connector_num_layers", "-1"}, "audio_connector_num_layers", -1);
  check_error(Status::ModelConfig, {"m.safetensors", "config.transformer", "none"},
              [] { EmbeddingsConfig::parse(nullptr, "m.safetensors"); });
  refuse({"rope_type", "spiral"}, "rope_type", "spiral");
  refuse({"caption_proj_input_norm", "null"}, "caption_proj_input_norm", nullptr);
  refuse({"connector_positional_embedding_max_pos"}, "connector_positional_embedding_max_pos", json::array());
  transformer.erase("num_attention_heads");
  check_error(Status::ModelConfig, {"num_attention_heads", "none"},
              [&] { EmbeddingsConfig::parse(transformer, "m.safetensors"); });
}

TEST_CASE("a wrong language model is refused with both names and versions") {
  const weights::Metadata declared({{"gemma_source_checkpoint", R"({"gemma_version": "v1"})"}},
                                   "model.safetensors");
  CHECK(weights::check_text_encoder_pairing(declared,
                                            {{"model_type", "gemma4_unified"}, {"gemma_version", "v1"}}, "g")
            .empty());
  check_error(Status::ModelVersion, {"model.safetensors", "'v1'", "gemma/", "none"}, [&] {
    weights::check_text_encoder_pairing(declared, {{"model_type", "gemma4_unified"}}, "gemma/");
  });
  const weights::Metadata silent({{"model_version", "2.5.0"}}, "model.safetensors");
  CHECK_FALSE(weights::check_text_encoder_pairing(silent, {{"model_type", "gemma3"}}, "g").empty());
  const weights::Metadata old({}, "model.safetensors");
  CHECK(weights::check_text_encoder_pairing(old, {{"model_type", "gemma3"}}, "g").empty());
  check_error(Status::ModelVersion, {"gemma3", "'gemma4_unified'"}, [&] {
    weights::check_text_encoder_pairing(old, {{"model_type", "gemma4_unified"}}, "g");
  });
}

TEST_CASE("the default negative prompt is one line of ASCII") {
  const auto text = default_negative_prompt();
  CHECK(text.size() > 200);
  for (const char c : text) CHECK((c >= ' ' && c <= '~'));
}

TEST_CASE("a predicted length becomes 8k + 1 frames within its limits") {
  CHECK(frames_for(5.0, 24) == 113);
  CHECK(frames_for(0.1, 24) == 25);
  CHECK(frames_for(100, 24) == 473);
  CHECK(frames_for(1e30, 24) == 473);
  CHECK(frames_for(std::numeric_limits<double>::infinity(), 24) == 473);
  CHECK(frames_for(0.5, 5, 0.1, 3) == 1);     // 2.5 rounds to the even 2
  CHECK(frames_for(10, 25, 3.3, 3.4) == 85);  // no 8k + 1 between 82 and 85 but 85 itself
  check_error(Status::InvalidArgument, {"0.01", "0 frames"}, [] { frames_for(0.01, 24, 0.01, 0.02); });
}

TEST_CASE("the duration head needs a stream and one prompt") {
  at::manual_seed(3);
  DurationHeadConfig config{6, 4, 8, 2, 2, 5};
  Tensors tensors;
  const auto linear = [&](const std::string& name, int64_t out, int64_t in) {
    tensors[name + ".weight"] = at::randn({out, in}) * 0.3;
    tensors[name + ".bias"] = at::randn({out}) * 0.3;
  };
  linear("video_input_proj", 8, 6);
  linear("audio_input_proj", 8, 4);
  linear("attention_pooler.cross_attn.out_proj", 8, 8);
  linear("mlp_hidden", 5, 16);
  linear("mlp_out", 1, 5);
  tensors["video_modality_emb"] = at::randn({8});
  tensors["audio_modality_emb"] = at::randn({8});
  tensors["attention_pooler.query_tokens"] = at::randn({2, 8});
  tensors["attention_pooler.cross_attn.in_proj_weight"] = at::randn({24, 8});
  tensors["attention_pooler.cross_attn.in_proj_bias"] = at::randn({24});
  const DurationHead head(config, source_of(tensors));
  const auto video = at::randn({1, 7, 6}), audio = at::randn({1, 7, 4});
  CHECK(head(video, audio) > 0);
  CHECK(head(video, {}) != doctest::Approx(head({}, audio)));
  // Attention over a set: the order of the tokens does not matter.
  CHECK(head(video.flip(1), audio) == doctest::Approx(head(video, audio)).epsilon(1e-5));
  check_error(Status::InvalidArgument, {"no context"}, [&] { head({}, {}); });
  check_error(Status::InvalidArgument, {"2 prompts"}, [&] { head(video.repeat({2, 1, 1}), {}); });
}
