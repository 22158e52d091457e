// From a folder on disk to hidden states and replies.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>

#include "file_fixture.h"
#include "models/text/enhancer.h"
#include "models/text/text_encoder.h"
#include "models/text/vision_tower.h"
#include "text_fixture.h"

using namespace ltx;
using namespace ltx::text;
using ltx::test::check_error;
using nlohmann::json;

namespace {

json config_with(const std::string& model_type = "gemma3") {
  auto config = test::gemma_json();
  config["model_type"] = model_type;
  config["text_config"]["vocab_size"] = 280;
  if (model_type != "gemma3") config["text_config"].erase("rope_scaling");
  return config;
}

TextEncoder load(const test::Folder& folder) {
  const weights::TextEncoderFiles files(folder.path());
  return {files, quant::Source(files.open().view, at::kCPU, at::kFloat)};
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

}  // namespace

TEST_CASE("prompts encoded together have the states of prompts encoded alone") {
  const at::NoGradGuard no_grad;
  const test::Folder folder;
  test::write_text_encoder(folder, config_with());
  const auto encoder = load(folder);
  const auto both = encoder.encode({"abab the sea", ""}, Monitor::silent());
  REQUIRE(both.states.size() == 5);
  const std::vector<std::string> prompts = {"abab the sea", ""};
  for (int64_t i = 0; i < 2; ++i) {
    const auto alone = encoder.encode({prompts[static_cast<size_t>(i)]}, Monitor::silent());
    CHECK(alone.mask.all().item<bool>());
    for (size_t l = 0; l < alone.states.size(); ++l)
      CHECK(distance(both.states[l][i].index({both.mask[i]}), alone.states[l][0]) < 1e-5);
  }
  CHECK(both.mask[1].sum().item<int64_t>() == 1);
  CHECK(both.mask[1][-1].item<bool>());
  check_error(Status::InvalidArgument, {"no prompt"}, [&] { encoder.encode({}, Monitor::silent()); });
}

TEST_CASE("a tokenizer that knows more pieces than the model has rows is refused") {
  const test::Folder folder;
  auto config = config_with();
  config["text_config"]["vocab_size"] = 100;
  test::write_text_encoder(folder, config);
  check_error(Status::ModelConfig, {"100 embedding rows"},
              [&] { load(folder).encode({"ab"}, Monitor::silent()); });
}

TEST_CASE("a reply depends on the seed alone") {
  const at::NoGradGuard no_grad;
  const test::Folder folder;
  test::write_text_encoder(folder, config_with());
  const auto encoder = load(folder);
  GenerationOptions options;
  options.max_new_tokens = 12;
  const auto reply = [&](uint64_t seed) {
    options.seed = seed;
    return generate_reply(encoder, "<bos>ab", options, Monitor::silent()).ids;
  };
  const auto first = reply(1);
  at::manual_seed(77);
  const auto before = at::rand({4});
  at::manual_seed(77);
  CHECK(reply(1) == first);
  CHECK(at::equal(at::rand({4}), before));  // nobody else's generator was drawn from
  CHECK(reply(2) != first);
  options.top_k = 1;
  const auto likeliest = reply(3);
  options.sample = false;
  CHECK(reply(4) == likeliest);
}

TEST_CASE("a reply ends with the end token and is cancelled between tokens") {
  const at::NoGradGuard no_grad;
  const test::Folder folder;
  auto config = config_with();
  test::write_text_encoder(folder, config);
  GenerationOptions options;
  options.sample = false;
  options.max_new_tokens = 6;
  const auto free = generate_reply(load(folder), "ab", options, Monitor::silent());
  REQUIRE(free.ids.size() == 6);
  CHECK(free.prompt.ids.size(1) == 8);
  config["eos_token_id"] = free.ids[2];
  folder.write("config.json", config.dump());
  const auto ended = generate_reply(load(folder), "ab", options, Monitor::silent());
  CHECK(ended.ids.size() <= 3);
  CHECK(ended.ids.back() == free.ids[2]);
  struct Stop : Monitor {
    mutable int calls = 0;
    bool cancelled() const override { return ++calls > 6; }
  } monitor;
  check_error(Status::Cancelled, {}, [&] { generate_reply(load(folder), "ab", options, monitor); });
}

TEST_CASE("only a Gemma 3 may enhance") {
  const test::Folder folder;
  auto config = config_with("gemma4_unified");
  config["text_config"]["global_head_dim"] = 8;
  test::write_text_encoder(folder, config);
  check_error(Status::Unsupported, {"Gemma 3"},
              [&] { enhance_prompt(load(folder), "", "ab", {}, Monitor::silent()); });
}

TEST_CASE("the chat has the system text untouched and the request trimmed") {
  CHECK(render_chat("Do it.\n", text_request(" a fox \n")) ==
        "<bos><start_of_turn>user\nDo it.\n\n\nuser prompt:  a fox<end_of_turn>\n<start_of_turn>model\n");
  CHECK(clean_reply("\xff\xfe 12") == "\xff\xfe 12");
  CHECK(clean_reply("12 \u2014 a\u2014b") == "a-b");
}

TEST_CASE("images take the places of their soft tokens, one for one") {
  const auto embeddings = at::zeros({1, 4, 2});
  const auto types = at::tensor({0, 1, 1, 0}, at::kLong).view({1, 4});
  const auto placed = place_images(embeddings, types, at::tensor({1.f, 2.f, 3.f, 4.f}).view({1, 2, 2}));
  CHECK(at::equal(placed.flatten(), at::tensor({0.f, 0.f, 1.f, 2.f, 3.f, 4.f, 0.f, 0.f})));
  check_error(Status::InvalidArgument, {"2 soft tokens", "give 3"}, [&] {
    place_images(embeddings, types, at::zeros({1, 3, 2}));
  });
  json config = {{"mm_tokens_per_image", 4},
                 {"vision_config",
                  {{"hidden_size", 8},
                   {"intermediate_size", 12},
                   {"num_hidden_layers", 1},
                   {"num_attention_heads", 2},
                   {"image_size", 28},
                   {"patch_size", 14}}}};
  CHECK(VisionConfig::parse(config, 16, "config.json").grid() == 2);
  config["mm_tokens_per_image"] = 9;
  check_error(Status::ModelConfig, {"mm_tokens_per_image", "9"},
              [&] { VisionConfig::parse(config, 16, "config.json"); });
  config["vision_config"].erase("patch_size");
  check_error(Status::ModelConfig, {"vision_config.patch_size"},
              [&] { VisionConfig::parse(config, 16, "config.json"); });
}

TEST_CASE("tokens of one image see each other, those of two images do not") {
  const auto types = at::tensor({0, 1, 1, 0, 1, 1}, at::kLong).view({1, 6});
  const auto layout = layout_padded(at::ones({1, 6}, at::kLong), 0, 3, types);
  const auto sees = [&](const at::Tensor& mask, int64_t query, int64_t key) {
    return mask[0][0][query][key].item<bool>();
  };
  CHECK(sees(layout.global_mask, 1, 2));
  CHECK(sees(layout.global_mask, 4, 5));
  CHECK_FALSE(sees(layout.global_mask, 1, 4));
  CHECK_FALSE(sees(layout.global_mask, 0, 1));
  CHECK(sees(layout.global_mask, 5, 1));
  CHECK_FALSE(sees(layout.local_mask, 5, 1));
  CHECK(sees(layout.local_mask, 1, 2));
}
