// ltx.hpp: owners, exceptions, handlers.
#include "ltx.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace {

struct toy {
  ltx_model_paths models = ltx::make<ltx_model_paths>();
  ltx_pipeline_params params = ltx::make<ltx_pipeline_params>();
  ltx_request request = ltx::make<ltx_request>();
  toy() {
    models.checkpoint = "toy";
    params.kind = LTX_PIPELINE_DISTILLED;
    params.models = &models;
    request.prompt = "delay=2";
  }
};

static_assert(!std::is_copy_constructible_v<ltx::pipeline> &&
              std::is_nothrow_move_constructible_v<ltx::pipeline>);
static_assert(!std::is_copy_constructible_v<ltx::job> && std::is_nothrow_move_constructible_v<ltx::result>);

}  // namespace

TEST_CASE("a failure is an exception with status and message") {
  toy t;
  t.models.checkpoint = nullptr;
  try {
    ltx::pipeline pipeline(t.params);
    FAIL("created");
  } catch (const ltx::error& error) {
    CHECK(error.status() == LTX_E_COMPONENT_MISSING);
    CHECK(std::string(error.name()) == "LTX_E_COMPONENT_MISSING");
    CHECK(std::string(error.what()).find("params.models.checkpoint") != std::string::npos);
  }
  CHECK_THROWS_AS(ltx::inspect("/nowhere/at/all"), ltx::error);
  CHECK_THROWS_AS(ltx::parse(LTX_ENUM_QUANT, "fp9"), ltx::error);
  CHECK(ltx::name(LTX_ENUM_QUANT, LTX_QUANT_NF4) == "nf4");
  CHECK(ltx::name(LTX_ENUM_QUANT, 999).empty());
}

TEST_CASE("generate takes any callable") {
  toy t;
  ltx::pipeline pipeline(t.params);
  int events = 0;
  const ltx::result clip = pipeline.generate(t.request, [&](const ltx_event&) { ++events; });
  CHECK(events > 2);
  CHECK(clip.video().frame_count == 3);
  CHECK(clip.audio().channels == 2);
  CHECK(clip.stats().seed == 10);
  CHECK(pipeline.generate(t.request));  // none
  CHECK_THROWS_AS(pipeline.generate(t.request, [](const ltx_event&) { return false; }), ltx::error);
  ltx::pipeline moved = std::move(pipeline);
  CHECK(pipeline.get() == nullptr);
  CHECK(moved.resolve(t.request).width == 64);
  moved.preload();
  CHECK(moved.component(LTX_COMPONENT_TRANSFORMER).on_device == 1);
  moved.evict();
}

TEST_CASE("frames and samples are seen where the library keeps them") {
  toy t;
  t.request.prompt = "chunks=3";
  auto output = ltx::make<ltx_output>();
  output.keep_frames = output.stream_frames = 1;
  t.request.output = &output;
  ltx::pipeline pipeline(t.params);
  std::vector<const void*> streamed;
  ltx::result clip = pipeline.generate(t.request, [&](const ltx_event& event) {
    if (event.type == LTX_EVENT_FRAMES) streamed.push_back(event.video->data);
  });
  const auto at_c = [](const ltx::result& result) {
    ltx_video_buffer video;
    ltx_audio_buffer audio;
    ltx_video_buffer_init(&video);
    ltx_audio_buffer_init(&audio);
    REQUIRE(ltx_result_video(result.get(), &video) == LTX_OK);
    REQUIRE(ltx_result_audio(result.get(), &audio) == LTX_OK);
    REQUIRE(video.data != nullptr);
    REQUIRE(audio.data != nullptr);
    return std::pair<const void*, const void*>(video.data, audio.data);
  };
  const auto addresses = at_c(clip);
  CHECK(clip.video().data == addresses.first);
  CHECK(clip.audio().data == addresses.second);
  REQUIRE(streamed.size() == 3);
  CHECK(streamed[0] == addresses.first);  // what an event lends lies in the clip, too
  ltx::result moved = std::move(clip);
  CHECK(moved.video().data == addresses.first);

  ltx::job job = pipeline.start(t.request);
  job.wait();
  const ltx::result once = job.result(), twice = job.result();
  CHECK(at_c(once) == at_c(twice));
  CHECK(once.video().data == at_c(twice).first);
  CHECK(once.video().data != moved.video().data);
}

TEST_CASE("an exception in a handler cancels the call and comes out of it") {
  toy t;
  ltx::pipeline pipeline(t.params);
  struct mine {};
  CHECK_THROWS_AS(pipeline.generate(t.request, [](const ltx_event&) { throw mine(); }), mine);
  CHECK(pipeline.generate(t.request));
}

TEST_CASE("a job is pulled, and cancelled by its destructor") {
  toy t;
  ltx::pipeline pipeline(t.params);
  ltx::job job = pipeline.start(t.request);
  ltx_event_type last = 0;
  while (last != LTX_EVENT_FINISHED)
    if (const auto event = job.next_event(std::chrono::milliseconds(50))) last = event->type;
  CHECK(job.status() == LTX_OK);
  CHECK(job.progress().fraction == 1.0);
  CHECK(job.result().video().data != nullptr);
  t.request.prompt = "delay=5 steps=1000";
  {
    ltx::job endless = pipeline.start(t.request);
    CHECK_FALSE(endless.status() == LTX_OK);
  }
  t.request.prompt = "rain";
  for (int i = 0;; ++i) try {
      pipeline.generate(t.request);
      break;
    } catch (const ltx::error& error) {
      REQUIRE(error.status() == LTX_E_BUSY);
      REQUIRE(i < 100000);
    }
}
