// Jobs: threads, events, order, back pressure, cancellation, freeing.
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include <pthread.h>

#include "../api/fixture.h"
#include "api/event_queue.h"
#include "api/progress_meter.h"

using namespace ltx::toy;
using namespace std::chrono_literals;

namespace {

template <class Condition>
bool eventually(Condition&& condition, std::chrono::milliseconds limit = 10s) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return condition();
}

struct Log {
  std::vector<ltx_event_type> types;
  std::vector<double> fractions;
  std::vector<std::string> messages;
  int frames = 0;
  uint64_t samples = 0, dropped = 0;
  ltx_status last = -1;
  std::thread::id thread;
  int cancel_at = -1;  // number of events

  static int32_t handle(const ltx_event* e, void* self) {
    auto& log = *static_cast<Log*>(self);
    log.thread = std::this_thread::get_id();
    log.types.push_back(e->type);
    log.dropped = e->dropped_logs;
    if (e->type == LTX_EVENT_PROGRESS) log.fractions.push_back(e->progress->fraction);
    if (e->type == LTX_EVENT_LOG) log.messages.push_back(e->message);
    if (e->type == LTX_EVENT_FRAMES) log.frames += e->video->frame_count;
    if (e->type == LTX_EVENT_AUDIO) log.samples += e->audio->sample_count;
    if (e->type == LTX_EVENT_FINISHED) log.last = e->status;
    return log.cancel_at >= 0 && static_cast<int>(log.types.size()) > log.cancel_at;
  }
};

}  // namespace

TEST_CASE("a blocking call handles its events on the caller's thread, FINISHED last") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  const auto run = [&] {
    ltx_request r = request("logs=2");
    ltx_output o = output();
    o.stream_frames = 1;
    r.output = &o;
    Log log;
    CHECK(ltx_generate(pipeline, &r, Log::handle, &log, nullptr) == LTX_OK);
    CHECK(log.thread == std::this_thread::get_id());
    CHECK(log.types.back() == LTX_EVENT_FINISHED);
    CHECK(log.last == LTX_OK);
    CHECK(log.frames == 3);
    CHECK(log.samples == 8);
    CHECK(log.messages == std::vector<std::string>{"line 0", "line 1"});
    CHECK(std::is_sorted(log.fractions.begin(), log.fractions.end()));
    CHECK(log.fractions.back() == 1.0);
  };
  run();
  std::thread(run).join();
}

TEST_CASE("a job is polled, waited for, asked for its result") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("delay=20 steps=3");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  CHECK(ltx_job_status(job) == LTX_E_NOT_READY);
  CHECK(std::string(ltx_job_error(job)).empty());
  Owned<ltx_result> result;
  CHECK(ltx_job_result(job, result.out()) == LTX_E_NOT_READY);
  ltx_event event;
  ltx_event_init(&event);
  double fraction = 0;
  bool finished = false;
  int timeouts = 0;
  while (!finished) {
    const ltx_status status = ltx_job_next_event(job, 0, &event);
    if (status == LTX_E_TIMEOUT) {
      CHECK(event.type == 0);
      ++timeouts;
      std::this_thread::sleep_for(1ms);
      continue;
    }
    REQUIRE(status == LTX_OK);
    if (event.type == LTX_EVENT_PROGRESS) {
      CHECK(event.progress->fraction >= fraction);
      fraction = event.progress->fraction;
      CHECK(event.progress->device_bytes == (event.progress->phase ? 1000 : 0));
    }
    finished = event.type == LTX_EVENT_FINISHED;
  }
  CHECK(timeouts > 0);
  CHECK(event.status == LTX_OK);
  CHECK(ltx_job_next_event(job, -1, &event) == LTX_E_TIMEOUT);  // nothing comes after
  CHECK(says("finished"));
  CHECK(ltx_job_status(job) == LTX_OK);
  CHECK(ltx_job_wait(job, -1) == LTX_OK);
  ltx_progress progress;
  ltx_progress_init(&progress);
  REQUIRE(ltx_job_progress(job, &progress) == LTX_OK);
  CHECK(progress.fraction == 1.0);
  REQUIRE(ltx_job_result(job, result.out()) == LTX_OK);
  Owned<ltx_result> second;
  REQUIRE(ltx_job_result(job, second.out()) == LTX_OK);
  CHECK(static_cast<ltx_result*>(second) != static_cast<ltx_result*>(result));
  CHECK(ltx_job_wait(job, -2) == LTX_E_INVALID_ARGUMENT);
}

TEST_CASE("a wait that is too short times out and says where the job is") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("delay=50 steps=4");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  CHECK(ltx_job_wait(job, 70) == LTX_E_TIMEOUT);
  CHECK(says("70 ms"));
  CHECK(says("denoise"));
  CHECK(ltx_job_wait(job, -1) == LTX_OK);
}

TEST_CASE("a failed job keeps its own error") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("fail=80");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  CHECK(ltx_job_wait(job, -1) == LTX_E_NUMERIC);
  CHECK(std::string(ltx_job_error(job)).find("fail with 80") != std::string::npos);
  CHECK(ltx_job_status(job) == LTX_E_NUMERIC);
  Owned<ltx_result> result;
  CHECK(ltx_job_result(job, result.out()) == LTX_E_NUMERIC);
  CHECK(static_cast<ltx_result*>(result) == nullptr);
}

TEST_CASE("a second call is BUSY at once, from the own handler REENTRANT") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job, other;
  const ltx_request r = request("delay=30");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  CHECK(ltx_generate_start(pipeline, &r, other.out()) == LTX_E_BUSY);
  CHECK(says("ltx_generate_start is running"));
  CHECK(ltx_pipeline_evict(pipeline, LTX_COMPONENT_ALL) == LTX_E_BUSY);
  ltx_request resolved = request();
  CHECK(ltx_pipeline_resolve(pipeline, &r, &resolved) == LTX_OK);  // class S
  REQUIRE(ltx_job_wait(job, -1) == LTX_OK);
  CHECK(ltx_pipeline_evict(pipeline, LTX_COMPONENT_ALL) == LTX_OK);  // free again as soon as FINISHED is seen

  struct Inside {
    ltx_pipeline* pipeline;
    ltx_status generate = 0, evict = 0, resolve = 0, info = 0, elsewhere = 0;
    bool done = false;
  } inside{pipeline};
  const auto handler = [](const ltx_event*, void* data) -> int32_t {
    auto& in = *static_cast<Inside*>(data);
    if (in.done) return 0;
    in.done = true;
    const ltx_request again = request();
    in.generate = ltx_generate(in.pipeline, &again, nullptr, nullptr, nullptr);
    CHECK(says("ltx_generate was called on a pipeline inside the handler"));
    in.evict = ltx_pipeline_evict(in.pipeline, LTX_COMPONENT_ALL);
    ltx_request out = request();
    in.resolve = ltx_pipeline_resolve(in.pipeline, &again, &out);
    Owned<ltx_info> info;
    in.info = ltx_pipeline_info(in.pipeline, info.out());
    Params q;
    const Owned<ltx_pipeline> second(q.create());  // another pipeline may run inside
    in.elsewhere = ltx_generate(second, &again, nullptr, nullptr, nullptr);
    return 0;
  };
  CHECK(ltx_generate(pipeline, &r, handler, &inside, nullptr) == LTX_OK);
  CHECK(inside.generate == LTX_E_REENTRANT);
  CHECK(inside.evict == LTX_E_REENTRANT);
  CHECK(inside.resolve == LTX_OK);
  CHECK(inside.info == LTX_OK);
  CHECK(inside.elsewhere == LTX_OK);
}

TEST_CASE("one of eight racing callers runs, seven are BUSY") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> ok{0}, busy{0}, ready{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&] {
        const ltx_request r = request("delay=5");
        ++ready;
        while (ready < 8) std::this_thread::yield();
        const ltx_status status = ltx_generate(pipeline, &r, nullptr, nullptr, nullptr);
        ok += status == LTX_OK;
        busy += status == LTX_E_BUSY;
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(ok >= 1);
    CHECK(ok + busy == 8);
    CHECK(probe().runs == 0);
  }
}

TEST_CASE("cancellation at every event leaves the pipeline usable") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  for (int at = 0; at < 12; ++at) {
    ltx_request r = request("delay=3 logs=3");
    ltx_output o = output();
    o.stream_frames = 1;
    r.output = &o;
    Log log;
    log.cancel_at = at;
    CAPTURE(at);
    Owned<ltx_result> result;
    const ltx_status status = ltx_generate(pipeline, &r, Log::handle, &log, result.out());
    if (log.types.size() <= static_cast<size_t>(at)) continue;
    if (status == LTX_OK) continue;  // it had finished before the handler said no
    CHECK(status == LTX_E_CANCELLED);
    CHECK(says("by the event handler"));
    CHECK(log.last == LTX_E_CANCELLED);
    CHECK(static_cast<ltx_result*>(result) == nullptr);
    CHECK(probe().runs == 0);
    const ltx_request again = request();
    CHECK(ltx_generate(pipeline, &again, nullptr, nullptr, nullptr) == LTX_OK);
  }
}

TEST_CASE("cancel from another thread ends a run within one block, and says where") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("delay=5 steps=1000");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  std::thread canceller([&] {
    std::this_thread::sleep_for(30ms);
    CHECK(ltx_job_cancel(job) == LTX_OK);
  });
  CHECK(ltx_job_wait(job, 10000) == LTX_E_CANCELLED);
  CHECK(says("by ltx_job_cancel()"));
  CHECK(says("denoise, stage 1, step"));
  canceller.join();
}

TEST_CASE("unread frames stop the worker at two chunks; cancel and free still work") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request("chunks=8 steps=1");
  ltx_output o = output();
  o.stream_frames = 1;
  r.output = &o;
  for (const bool by_free : {false, true}) {
    probe().chunks_sent = 0;
    ltx_job* job = nullptr;
    REQUIRE(ltx_generate_start(pipeline, &r, &job) == LTX_OK);
    CHECK(eventually([] { return probe().chunks_sent == 2; }));
    std::this_thread::sleep_for(50ms);
    CHECK(probe().chunks_sent == 2);
    ltx_event event;
    ltx_event_init(&event);
    while (event.type != LTX_EVENT_FRAMES) REQUIRE(ltx_job_next_event(job, -1, &event) == LTX_OK);
    CHECK(event.video->first_frame == 0);
    CHECK(static_cast<const unsigned char*>(event.video->data)[0] == 10);
    CHECK(eventually([] { return probe().chunks_sent == 3; }));
    std::this_thread::sleep_for(20ms);
    CHECK(probe().chunks_sent == 3);
    if (by_free) {
      ltx_free(job);
    } else {
      CHECK(ltx_job_cancel(job) == LTX_OK);
      CHECK(ltx_job_wait(job, 10000) == LTX_E_CANCELLED);
      ltx_free(job);
    }
    CHECK(eventually([] { return probe().runs == 0; }));
  }
  CHECK(eventually([&] { return ltx_pipeline_evict(pipeline, LTX_COMPONENT_ALL) == LTX_OK; }));
}

TEST_CASE("logs are a ring that counts what it drops; the log level filters") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("logs=1500");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  REQUIRE(eventually([&] { return ltx_job_status(job) == LTX_OK; }));
  ltx_event event;
  ltx_event_init(&event);
  int logs = 0;
  std::string first;
  uint64_t dropped = 0;
  do {
    REQUIRE(ltx_job_next_event(job, -1, &event) == LTX_OK);
    if (event.type != LTX_EVENT_LOG) continue;
    if (!logs++) first = event.message;
    dropped = event.dropped_logs;
    CHECK(event.log_level == LTX_LOG_WARNING);
    CHECK(std::string(event.source) == "toy");
  } while (event.type != LTX_EVENT_FINISHED);
  CHECK(logs == 1024);
  CHECK(first == "line 476");
  CHECK(dropped == 476);
  p.params.log_level = LTX_LOG_DEBUG;
  const Owned<ltx_pipeline> chatty(p.create());
  Log log;
  const ltx_request one = request("logs=1");
  CHECK(ltx_generate(chatty, &one, Log::handle, &log, nullptr) == LTX_OK);
  CHECK(log.messages == std::vector<std::string>{"line 0", "nobody asked"});
}

TEST_CASE("a second consumer of a job is BUSY") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("delay=40 steps=4");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  std::thread waiter([&] { CHECK(ltx_job_wait(job, -1) == LTX_OK); });
  std::this_thread::sleep_for(60ms);
  ltx_event event;
  ltx_event_init(&event);
  CHECK(ltx_job_next_event(job, 0, &event) == LTX_E_BUSY);
  waiter.join();
}

TEST_CASE("freeing from another thread during a run, a wait and an event") {
  Params p;
  for (int round = 0; round < 5; ++round) {
    ltx_pipeline* pipeline = p.create();
    ltx_job* job = nullptr;
    const ltx_request r = request("delay=10 steps=50");
    REQUIRE(ltx_generate_start(pipeline, &r, &job) == LTX_OK);
    std::thread freer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5 * round));
      ltx_free(pipeline);  // ends the claim, not the run
      std::this_thread::sleep_for(20ms);
      ltx_free(job);
    });
    const ltx_status status = ltx_job_wait(job, 10000);
    CHECK(status == LTX_E_INVALID_HANDLE);
    freer.join();
    CHECK(eventually([] { return probe().engines == 0; }));
  }
  ltx_pipeline* pipeline = p.create();
  const ltx_request r = request();
  const auto free_inside = [](const ltx_event*, void* data) -> int32_t {
    ltx_free(data);
    return 0;
  };
  ltx_result* result = nullptr;
  CHECK(ltx_generate(pipeline, &r, free_inside, pipeline, &result) == LTX_OK);
  CHECK(eventually([] { return probe().engines == 0; }));
  ltx_video_buffer video;
  ltx_video_buffer_init(&video);
  CHECK(ltx_result_video(result, &video) == LTX_OK);  // a result outlives its pipeline
  ltx_free(result);
}

TEST_CASE("a handler that throws cancels the call and nothing passes through") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  const ltx_request r = request("delay=2");
  const auto thrower = [](const ltx_event*, void*) -> int32_t { throw std::runtime_error("mine"); };
  CHECK(ltx_generate(pipeline, &r, thrower, nullptr, nullptr) == LTX_E_CANCELLED);
}

TEST_CASE("the same request gives the same checksum, blocking, as a job and repeated; a seed changes it") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  ltx_request r = request();
  const auto digest = [&](ltx_result* result) {
    ltx_stats stats;
    ltx_stats_init(&stats);
    REQUIRE(ltx_result_stats(result, &stats) == LTX_OK);
    return std::string(reinterpret_cast<const char*>(stats.latent_sha256), 32);
  };
  Owned<ltx_result> a, b, c;
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, a.out()) == LTX_OK);
  Owned<ltx_job> job;
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  REQUIRE(ltx_job_wait(job, -1) == LTX_OK);
  REQUIRE(ltx_job_result(job, b.out()) == LTX_OK);
  r.seed = 11;
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, c.out()) == LTX_OK);
  CHECK(digest(a) == digest(b));
  CHECK(digest(a) != digest(c));
}

TEST_CASE("signals of the process are not delivered to the library's threads") {
  static std::atomic<bool> on_main{false};
  static pthread_t main_thread;
  main_thread = pthread_self();
  struct sigaction action = {}, before;
  action.sa_handler = [](int) { on_main = pthread_equal(pthread_self(), main_thread) != 0; };
  sigaction(SIGUSR1, &action, &before);
  sigset_t set, mask_before;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  Owned<ltx_job> job;
  const ltx_request r = request("delay=20 steps=3");
  REQUIRE(ltx_generate_start(pipeline, &r, job.out()) == LTX_OK);
  pthread_sigmask(SIG_BLOCK, &set, &mask_before);  // here, after the thread was made
  kill(getpid(), SIGUSR1);
  std::this_thread::sleep_for(30ms);
  CHECK_FALSE(on_main);  // pending, nobody took it
  pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
  CHECK(eventually([] { return on_main.load(); }));
  CHECK(ltx_job_wait(job, -1) == LTX_OK);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("the fraction covers the whole call") {
  using ltx::Phase;
  const auto start = ltx::api::ProgressMeter::Clock::now();
  ltx::api::ProgressMeter meter(start);
  meter.plan({{Phase::Load, 0, 1},
              {Phase::Text, 0, 1},
              {Phase::Load, 0, 2},
              {Phase::Denoise, 1, 4},
              {Phase::Denoise, 2, 2}});
  const auto at = [&](const ltx::Progress& p, int second) {
    return meter.update(p, {}, start + std::chrono::seconds(second));
  };
  CHECK(at({.phase = Phase::Load, .bytes_done = 50, .bytes_total = 100}, 1).fraction ==
        doctest::Approx(0.05));
  CHECK(at({.phase = Phase::Text}, 2).fraction == doctest::Approx(0.1));
  CHECK(at({.phase = Phase::Load, .bytes_done = 50, .bytes_total = 100}, 3).fraction == doctest::Approx(0.3));
  CHECK(at({Phase::Denoise, 1, 2, 3, 4}, 4).fraction == doctest::Approx(0.6));
  const ltx_progress stays = at({.phase = Phase::Condition}, 6);  // not in the plan
  CHECK(stays.fraction == doctest::Approx(0.6));
  CHECK(stays.remaining_seconds == doctest::Approx(4));
  CHECK(at({Phase::Denoise, 1, 2, 1, 4}, 7).fraction == doctest::Approx(0.6));  // never back
  CHECK(at({Phase::Denoise, 2, 2, 2, 2}, 8).fraction == doctest::Approx(0.9));
  meter.finish(true, start + 10s);
  CHECK(meter.snapshot(start + 99s).fraction == 1.0);
  CHECK(meter.snapshot(start + 99s).elapsed_seconds == doctest::Approx(10));
  CHECK(meter.seconds(Phase::Load) == doctest::Approx(2));
  CHECK(meter.seconds(Phase::Denoise, 1) == doctest::Approx(3));
  CHECK(meter.seconds(Phase::Denoise) == doctest::Approx(5));
  CHECK(meter.position() == "denoise, stage 2, step 2 of 2");
}

TEST_CASE("an unplanned load skips nothing") {
  using ltx::Phase;
  const auto now = ltx::api::ProgressMeter::Clock::now();
  ltx::api::ProgressMeter meter(now);
  meter.plan({{Phase::Text, 0, 2}, {Phase::Denoise, 1, 6}, {Phase::Load, 0, 1}, {Phase::Decode, 0, 1}});
  CHECK(meter.update({.phase = Phase::Load}, {}, now).fraction == 0);
  CHECK(meter.update({.phase = Phase::Text}, {}, now).fraction == 0);
  CHECK(meter.update({.phase = Phase::Load, .bytes_done = 1, .bytes_total = 1}, {}, now).fraction == 0);
  CHECK(meter.update({Phase::Denoise, 1, 1, 2, 4}, {}, now).fraction == doctest::Approx(0.35));
  CHECK(meter.update({.phase = Phase::Load}, {}, now).fraction == doctest::Approx(0.8));
}

TEST_CASE("events leave a queue in the order of their arrival") {
  ltx::api::EventQueue queue;
  ltx::api::Event event;
  using Outcome = ltx::api::EventQueue::Outcome;
  CHECK(queue.next(0, event) == Outcome::Timeout);
  queue.log(ltx::LogLevel::Info, "a", "1");
  queue.progress(ltx_progress{});
  event.type = LTX_EVENT_FRAMES;
  CHECK(queue.chunk(event));
  queue.log(ltx::LogLevel::Info, "a", "2");
  queue.progress(ltx_progress{});  // replaces the first, at the end
  queue.finish(ltx::Status::Ok, "");
  std::vector<ltx_event_type> types;
  while (queue.next(0, event) == Outcome::Event) types.push_back(event.type);
  CHECK(types == std::vector<ltx_event_type>{LTX_EVENT_LOG, LTX_EVENT_FRAMES, LTX_EVENT_LOG,
                                             LTX_EVENT_PROGRESS, LTX_EVENT_FINISHED});
  CHECK(queue.next(-1, event) == Outcome::Drained);
  queue.close();
  CHECK(queue.next(-1, event) == Outcome::Closed);
}

TEST_CASE("a lost device stays lost; the CPU cannot be") {
  Params p;
  const ltx_request r = request("fail=73");
  const ltx_request fine = request();
  const Owned<ltx_pipeline> cpu(p.create());
  CHECK(ltx_generate(cpu, &r, nullptr, nullptr, nullptr) == LTX_E_DEVICE_LOST);
  CHECK(ltx_generate(cpu, &fine, nullptr, nullptr, nullptr) == LTX_OK);
  p.params.device_type = LTX_DEVICE_CUDA;
  p.params.device_index = 5;
  const Owned<ltx_pipeline> gpu(p.create());
  CHECK(ltx_generate(gpu, &fine, nullptr, nullptr, nullptr) == LTX_OK);
  CHECK(ltx_generate(gpu, &r, nullptr, nullptr, nullptr) == LTX_E_DEVICE_LOST);
  CHECK(ltx_generate(gpu, &fine, nullptr, nullptr, nullptr) == LTX_E_DEVICE_LOST);
  CHECK(says("cuda:5"));
  Owned<ltx_pipeline> second;
  CHECK(ltx_pipeline_create(&p.params, second.out()) == LTX_E_DEVICE_LOST);
}
