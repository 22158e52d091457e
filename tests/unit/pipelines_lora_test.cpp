// LoRAs between the stages of a recipe: fused anew from the files or kept as factors, the base stays what it
// was.
#include "base/error.h"
#include "device/allocation_tracker.h"
#include "pipelines_recipes.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

std::vector<float> video_of(pipelines::PipelineEngine& engine, const engine::Request& request) {
  QuietSink sink;
  return engine.generate(engine.resolve(request), sink).video_latent.values;
}

double relative_l2(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - b[i], 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / norm);
}

}  // namespace

TEST_CASE("the base is what it was after a stage with another LoRA set, whatever form the LoRA has") {
  for (const auto kind : {PipelineKind::TwoStage, PipelineKind::TwoStageHq, PipelineKind::IcLora})
    for (const auto order : {quant::LoraOrder::Auto, quant::LoraOrder::Runtime}) {
      CAPTURE(engine::name_of(kind));
      CAPTURE(static_cast<int>(order));
      auto params = recipe_params(kind);
      params.quant_options.lora_order = static_cast<int32_t>(order);
      params.memory_mode = engine::MemoryMode::Auto;  // stays in memory, one set at a time
      const device::AllocationTracker memory;
      pipelines::PipelineEngine engine(params);
      const auto request = recipe_request(kind);
      const auto first = latents_of(engine, request);
      const auto live = memory.current();
      CHECK(latents_of(engine, request) == first);
      CHECK(memory.current() == live);  // no second copy
      params.memory_mode = engine::MemoryMode::Cold;
      pipelines::PipelineEngine cold(params);
      CHECK(latents_of(cold, request) == first);
    }
}

TEST_CASE("PERSISTENT keeps the sets of both stages: nothing is read again, what they share is there once") {
  for (const auto kind : {PipelineKind::TwoStage, PipelineKind::TwoStageHq, PipelineKind::IcLora}) {
    CAPTURE(engine::name_of(kind));
    auto params = recipe_params(kind);
    const auto request = recipe_request(kind);
    params.memory_mode = engine::MemoryMode::Auto;
    pipelines::PipelineEngine one(params);
    const auto expected = latents_of(one, request);
    const auto single = one.component(engine::Component::Transformer).host_bytes;

    params.memory_mode = engine::MemoryMode::Persistent;
    pipelines::PipelineEngine both(params);
    CHECK(latents_of(both, request) == expected);
    const auto held = both.component(engine::Component::Transformer).host_bytes;
    CHECK(held > single);
    // An IC-LoRA touches a part of the layers, the distilled one all of them.
    CHECK(held <= 2 * single);
    if (kind == PipelineKind::IcLora) CHECK(held < 2 * single - single / 4);

    const device::AllocationTracker memory;
    for (int i = 0; i < 2; ++i) {
      QuietSink sink;
      const auto again = both.generate(both.resolve(request), sink);
      CHECK(again.disk_bytes_read == 0);
    }
    CHECK(memory.current() == 0);
    CHECK(latents_of(both, request) == expected);
    QuietSink sink;
    CHECK(one.generate(one.resolve(request), sink).disk_bytes_read > 0);

    both.evict(engine::Component::Transformer);
    CHECK_FALSE(both.component(engine::Component::Transformer).on_device);
    CHECK(both.component(engine::Component::Transformer).host_bytes == 0);
    CHECK(latents_of(both, request) == expected);
    both.preload(engine::Component::Transformer, sink);  // the first stage's, which rests
    CHECK(latents_of(both, request) == expected);
  }
}

TEST_CASE("run-time LoRAs give what fused ones give, up to the fused weights' rounding") {
  for (const auto kind :
       {PipelineKind::TwoStage, PipelineKind::Keyframes, PipelineKind::AudioToVideo, PipelineKind::IcLora}) {
    CAPTURE(engine::name_of(kind));
    auto params = recipe_params(kind);
    pipelines::PipelineEngine fused(params);
    params.quant_options.lora_order = static_cast<int32_t>(quant::LoraOrder::Runtime);
    pipelines::PipelineEngine factors(params);
    params.loras[0].strength = 0.5f;
    pipelines::PipelineEngine half(params);
    const auto request = recipe_request(kind);
    const auto expected = video_of(fused, request), got = video_of(factors, request);
    CHECK(got != expected);  // another arithmetic: sums in fp32 beside weights rounded to bf16
    const double off = relative_l2(got, expected);
    CHECK(off < 0.05);
    CHECK(off < relative_l2(video_of(half, request), expected));
  }
}

TEST_CASE("a LoRA of the user's beside the distilled one, in both forms") {
  auto params = recipe_params(PipelineKind::TwoStage);
  const auto plain = params;
  params.loras.push_back(
      {.role = engine::LoraRole::User, .path = tiny("tiny23-ic-lora.safetensors"), .strength = 0.7f});
  const auto request = recipe_request(PipelineKind::TwoStage);
  const device::AllocationTracker memory;
  pipelines::PipelineEngine alone(plain);
  const auto without = video_of(alone, request);
  const auto bytes_alone = memory.current();
  pipelines::PipelineEngine both(params);
  const auto expected = video_of(both, request);
  CHECK(memory.current() - bytes_alone <= bytes_alone);
  CHECK(without != expected);
  params.quant_options.lora_order = static_cast<int32_t>(quant::LoraOrder::Runtime);
  pipelines::PipelineEngine factors(params);
  CHECK(relative_l2(video_of(factors, request), expected) < 0.05);
}
