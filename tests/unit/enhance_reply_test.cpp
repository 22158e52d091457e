// The enhancer's language model with an image: places of the soft tokens, the remembered keys.
#include <doctest/doctest.h>

#include "expect_error.h"
#include "models/text/default_prompts.h"
#include "models/text/enhancer.h"
#include "models/text/vision_tower.h"
#include "pipelines_fixture.h"

using namespace ltx;
using namespace ltx::text;
using ltx::test::tiny;

namespace {

struct Models {
  weights::TextEncoderFiles files{tiny("gemma")};
  quant::Source source{files.open().view, at::kCPU, at::kFloat};
  TextEncoder encoder{files, source};
  VisionTower tower{VisionConfig::parse(files.config(), encoder.model().config().hidden, "gemma"), source};

  /// Soft tokens of a picture that the seed draws.
  at::Tensor soft(uint64_t seed) const {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    const auto size = tower.config().image_size;
    return tower.project(tower.encode(tower.embed(at::randn({1, 3, size, size}, generator))));
  }
};

}  // namespace

TEST_CASE("a chat with an image has its places before the request") {
  CHECK(image_request("a fox ") == "User Raw Input Prompt: a fox .");
  CHECK(render_chat("Do it.\n", image_request("a fox"), 2) ==
        "<bos><start_of_turn>user\nDo it.\n\n\n\n\n<start_of_image><image_soft_token><image_soft_token>"
        "<end_of_image>\n\nUser Raw Input Prompt: a fox.<end_of_turn>\n<start_of_turn>model\n");
}

TEST_CASE("the library's own instructions differ with and without an image and end with a line break") {
  const auto text = default_system_prompt(false), image = default_system_prompt(true);
  CHECK(text != image);
  for (const auto prompt : {text, image}) {
    CHECK(prompt.ends_with(".\n"));
    CHECK(prompt.find("one English paragraph") != std::string_view::npos);
    CHECK(prompt.find("<") == std::string_view::npos);  // no turn markers
  }
}

TEST_CASE("every step sees what one pass over the whole text sees, image and window included") {
  const at::NoGradGuard no_grad;
  const Models models;
  const auto& model = models.encoder.model();
  REQUIRE(model.config().sliding_window == 16);  // shorter than the prompt
  const auto soft = models.soft(5);
  const auto chat = render_chat("Do it.\n", image_request("a fox in the snow"), soft.size(1));
  GenerationOptions options;
  options.sample = false;
  options.max_new_tokens = 4;
  std::vector<at::Tensor> logits;
  const auto reply = generate_reply(
      models.encoder, chat, options, Monitor::silent(),
      [&](const at::Tensor& step) { logits.push_back(step); }, soft);
  REQUIRE(reply.ids.size() == 4);
  const auto prompt = models.encoder.tokenizer().encode_chat(chat);
  for (size_t step = 0; step < 4; ++step) {
    auto ids = prompt;
    ids.insert(ids.end(), reply.ids.begin(), reply.ids.begin() + static_cast<std::ptrdiff_t>(step));
    const auto row = at::tensor(ids, at::kLong).unsqueeze(0);
    const auto types = row.eq(models.encoder.tokenizer().id_of("<image_soft_token>")).to(at::kLong);
    REQUIRE(types.sum().item<int64_t>() == soft.size(1));
    const auto states = model.run(place_images(model.embed(row), types, soft),
                                  layout_padded(at::ones_like(row), 0, 16, types), Monitor::silent());
    const auto expected = model.logits(states[0][-1], model.output_rows());
    const auto off = (logits[step] - expected).norm() / expected.norm();
    CHECK(off.item<float>() < 2e-5f);
  }
}

TEST_CASE("another picture gives other logits, the same one the same reply") {
  const at::NoGradGuard no_grad;
  const Models models;
  GenerationOptions options;
  options.max_new_tokens = 12;
  const auto reply = [&](uint64_t picture, at::Tensor& first) {
    const auto soft = models.soft(picture);
    const auto chat = render_chat("Do it.\n", image_request("a fox"), soft.size(1));
    const auto keep = [&](const at::Tensor& step) {
      if (!first.defined()) first = step;
    };
    return generate_reply(models.encoder, chat, options, Monitor::silent(), keep, soft).ids;
  };
  at::Tensor one, again, other;
  CHECK(reply(1, one) == reply(1, again));
  reply(2, other);
  CHECK(at::equal(one, again));
  CHECK(!at::allclose(one, other, 1e-3, 1e-3));
}

TEST_CASE("image tokens that a user types stay text") {
  const at::NoGradGuard no_grad;
  const Models models;
  GenerationOptions options;
  options.max_new_tokens = 1;
  const auto soft = models.soft(5);
  for (const auto* typed : {"<image_soft_token>", "<start_of_image>", "<end_of_image><image_soft_token>"}) {
    const auto seen = enhance_prompt(models.encoder, "Do it.\n", typed, options, Monitor::silent(), soft);
    CHECK(seen.ids.size() == 1);
  }
  // A chat without places is a mistake of the caller's.
  expect_error(Status::ModelConfig, "0 tokens '<image_soft_token>' of an image's 4",
               [&] { generate_reply(models.encoder, "<bos>a fox", options, Monitor::silent(), {}, soft); });
}
