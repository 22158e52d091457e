// ltx_enhance_prompt on the toy recipe: events, cancellation, what it refuses.
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "../api/fixture.h"

using namespace ltx::toy;

namespace {

struct Watch {
  ltx_pipeline* pipeline = nullptr;
  std::vector<int32_t> steps;
  std::thread::id thread;
  double fraction = 0;
  ltx_status inside = LTX_OK, last = -1;
  int cancel_at = 1 << 20;  // step

  static int32_t handle(const ltx_event* e, void* self) {
    auto& watch = *static_cast<Watch*>(self);
    watch.thread = std::this_thread::get_id();
    if (e->type == LTX_EVENT_FINISHED) watch.last = e->status;
    if (e->type != LTX_EVENT_PROGRESS) return 0;
    if (e->progress->phase == LTX_PHASE_ENHANCE) watch.steps.push_back(e->progress->step);
    CHECK(e->progress->fraction >= watch.fraction);
    watch.fraction = e->progress->fraction;
    if (watch.pipeline) {
      const ltx_request again = request("again");
      ltx_info* none = nullptr;
      watch.inside = ltx_enhance_prompt(watch.pipeline, &again, nullptr, nullptr, &none);
    }
    return e->progress->step >= watch.cancel_at;
  }
};

nlohmann::json report_of(ltx_info* info) {
  return nlohmann::json::parse(ltx_info_json(info));
}

}  // namespace

TEST_CASE("an enhanced prompt comes as a report, its tokens as progress on the caller's thread") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request("rain steps=6 delay=2");
  r.seed = 5;
  Watch watch;
  watch.pipeline = pipeline;
  Owned<ltx_info> info;
  REQUIRE(ltx_enhance_prompt(pipeline, &r, Watch::handle, &watch, info.out()) == LTX_OK);
  const auto report = report_of(info);
  CHECK(report == nlohmann::json{{"schema", 1},
                                 {"prompt", "better: rain steps=6 delay=2"},
                                 {"seed", 5},
                                 {"tokens", 6},
                                 {"from_image", false},
                                 {"complete", true}});
  CHECK(watch.thread == std::this_thread::get_id());
  CHECK(!watch.steps.empty());
  CHECK(watch.last == LTX_OK);
  CHECK(watch.fraction == 1.0);
  CHECK(watch.inside == LTX_E_REENTRANT);

  // Seed and image of the request; enhance_prompt may be set as well.
  ltx_image_condition image;
  REQUIRE(ltx_image_condition_init(&image) == LTX_OK);
  image.path = "cow.png";
  r.images = &image;
  r.image_count = 1;
  r.enhance_prompt = 1;
  r.enhance_seed = 9;
  Owned<ltx_info> seen;
  REQUIRE(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, seen.out()) == LTX_OK);
  CHECK(report_of(seen)["seed"] == 9);
  CHECK(report_of(seen)["from_image"] == true);
}

TEST_CASE("a cancelled or failed enhancement leaves no report and a usable pipeline") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request("secret-word steps=200 delay=2");
  Watch watch;
  watch.cancel_at = 3;
  auto* nothing = reinterpret_cast<ltx_info*>(1);
  CHECK(ltx_enhance_prompt(pipeline, &r, Watch::handle, &watch, &nothing) == LTX_E_CANCELLED);
  CHECK(nothing == nullptr);
  CHECK(says("ltx_enhance_prompt was cancelled by the event handler at: enhance, step"));
  CHECK(!says("secret-word"));
  r = request("secret-word fail=51");
  CHECK(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, &nothing) == LTX_E_TENSOR_MISSING);
  CHECK(!says("secret-word"));
  r = request("snow");
  Owned<ltx_info> info;
  CHECK(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, info.out()) == LTX_OK);
}

TEST_CASE("what an enhancement refuses") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_info> info;
  ltx_request r = request("rain");
  CHECK(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, nullptr) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_enhance_prompt(nullptr, &r, nullptr, nullptr, info.out()) == LTX_E_INVALID_HANDLE);
  CHECK(ltx_enhance_prompt(pipeline, nullptr, nullptr, nullptr, info.out()) == LTX_E_INVALID_ARGUMENT);
  r.enhance_prompt = 2;
  CHECK(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, info.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("request.enhance_prompt is 2"));
  r = request(nullptr);
  r.text_embeddings = "text.safetensors";
  CHECK(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, info.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("needs a prompt"));
  CHECK(ltx_supports(LTX_CAPABILITY_ENHANCER, 0, LTX_DEVICE_AUTO, 0) == LTX_OK);

  // One call at a time.
  ltx_request slow = request("steps=100000 delay=1 chunks=0");
  Owned<ltx_job> job;
  REQUIRE(ltx_generate_start(pipeline, &slow, job.out()) == LTX_OK);
  r = request("rain");
  CHECK(ltx_enhance_prompt(pipeline, &r, nullptr, nullptr, info.out()) == LTX_E_BUSY);
  CHECK(says("ltx_enhance_prompt was called while ltx_generate_start is running"));
  CHECK(ltx_job_cancel(job) == LTX_OK);
  CHECK(ltx_job_wait(job, -1) == LTX_E_CANCELLED);
}
