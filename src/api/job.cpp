#include "api/job.h"

#include "api/backend.h"
#include "api/enum_names.h"
#include "api/pixels.h"
#include "api/structs.h"
#include "api/threads.h"
#include "base/error.h"

namespace ltx::api {
namespace {

using Clock = ProgressMeter::Clock;

/// The right to take events from a job.
class Consumer {
 public:
  explicit Consumer(std::atomic<bool>& taken) : taken_(taken) {
    if (taken_.exchange(true, std::memory_order_acquire))
      fail(Status::Busy,
           "another thread is waiting for events of this job. Let one thread consume a job's events.");
  }
  ~Consumer() { taken_.store(false, std::memory_order_release); }
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

 private:
  std::atomic<bool>& taken_;
};

const char* cause(int canceller) {
  switch (static_cast<Job::Canceller>(canceller)) {
    case Job::Canceller::Handler:
      return "by the event handler";
    case Job::Canceller::Cancel:
      return "by ltx_job_cancel()";
    case Job::Canceller::Free:
      return "by ltx_free()";
    case Job::Canceller::Exit:
      return "by the end of the process";
  }
  return "by the caller";
}

}  // namespace

// ---- JobSink: on the working thread
// -----------------------------------------------------------------------------------

JobSink::JobSink(Job& job, const engine::Request* request, const engine::Engine* engine, LogLevel level)
    : job_(job), engine_(engine), level_(level) {
  if (request == nullptr) return;
  keep_ = request->output.keep_frames;
  stream_ = request->output.stream_frames;
  clip_.emplace(*request);
}

void JobSink::progress(const Progress& progress) {
  const engine::MemoryUse memory = engine_ ? engine_->memory_use() : engine::MemoryUse{};
  ltx_progress report;
  {
    const std::lock_guard lock(job_.mutex_);
    report = job_.meter_.update(progress, memory, Clock::now());
  }
  job_.queue_.progress(report);
}

void JobSink::log(LogLevel level, std::string_view source, std::string_view message) {
  if (level < level_ || level >= LogLevel::Off) return;
  job_.queue_.log(level, std::string(source), std::string(message));
}

bool JobSink::cancelled() const {
  return job_.canceller_.load(std::memory_order_relaxed) >= 0;
}

void JobSink::plan(const std::vector<engine::PlannedWork>& plan) {
  const std::lock_guard lock(job_.mutex_);
  job_.meter_.plan(plan);
}

void JobSink::send(Event event) {
  if (!job_.queue_.chunk(std::move(event)))
    fail(Status::Cancelled, "cancelled while a chunk waited to be read");
}

void JobSink::frames(const engine::Pixels& chunk) {
  if (!clip_ || !wants_frames()) return;
  Event event;
  event.type = LTX_EVENT_FRAMES;
  event.video = clip_->add(chunk);
  if (stream_) send(std::move(event));
}

void JobSink::audio(const engine::Samples& chunk) {
  if (!clip_ || !wants_audio()) return;
  Event event;
  event.type = LTX_EVENT_AUDIO;
  event.audio = clip_->add(chunk);
  if (stream_) send(std::move(event));
}

std::shared_ptr<Result> JobSink::finish(engine::Output output, const engine::Request& request,
                                        const engine::PipelineParams& params) {
  auto result = std::make_shared<Result>();
  result->clip = clip_->finish();
  result->clip.metadata = std::move(output.metadata);
  ltx_stats& stats = result->stats = make<ltx_stats>();
  stats.width = output.width > 0 ? output.width : std::max(request.width, 0);
  stats.height = output.height > 0 ? output.height : std::max(request.height, 0);
  stats.num_frames = request.num_frames;
  stats.frame_rate = request.frame_rate;
  stats.seed = request.seed;
  stats.quant = static_cast<ltx_quant_policy>(params.quant);
  stats.text_quant = static_cast<ltx_quant_policy>(params.text_quant);
  stats.memory_mode = static_cast<ltx_memory_mode>(params.memory_mode);
  stats.num_inference_steps = request.num_inference_steps > 0
                                  ? request.num_inference_steps
                                  : std::max(static_cast<int32_t>(request.stage_1_sigmas.size()) - 1, 0);
  stats.peak_device_bytes = output.peak_device_bytes;
  stats.predicted_device_bytes = output.predicted_device_bytes;
  stats.peak_host_bytes = output.peak_host_bytes;
  stats.predicted_host_bytes = output.predicted_host_bytes;
  stats.disk_bytes_read = output.disk_bytes_read;
  digest(output, stats.latent_sha256);
  result->video_latent = std::move(output.video_latent);
  result->audio_latent = std::move(output.audio_latent);
  const std::lock_guard lock(job_.mutex_);
  ProgressMeter& meter = job_.meter_;
  meter.finish(true, Clock::now());
  stats.total_seconds = meter.total_seconds(Clock::now());
  stats.load_seconds = meter.seconds(Phase::Load);
  stats.text_seconds = meter.seconds(Phase::Enhance) + meter.seconds(Phase::Text);
  stats.condition_seconds = meter.seconds(Phase::Condition);
  stats.stage_1_seconds = meter.seconds(Phase::Denoise, 1);
  stats.upsample_seconds = meter.seconds(Phase::Upsample);
  stats.stage_2_seconds = meter.seconds(Phase::Denoise, 2);
  stats.decode_seconds = meter.seconds(Phase::Decode);
  stats.encode_seconds = meter.seconds(Phase::Encode);
  return result;
}

// ---- Job
// --------------------------------------------------------------------------------------------------------------

Job::Job(JobSpec spec)
    : spec_(std::move(spec)), pipeline_(spec_.hold ? spec_.hold->pipeline().get() : nullptr) {}

std::shared_ptr<Job> Job::start(JobSpec spec) {
  const std::shared_ptr<Job> job(new Job(std::move(spec)));
  if (job->spec_.hold) job->spec_.hold->set_job(job);
  Threads::instance().start([job] { job->work(); },
                            [weak = std::weak_ptr(job)] {
                              if (const auto running = weak.lock()) running->cancel(Canceller::Exit);
                            });
  return job;
}

Failure Job::execute(std::shared_ptr<Result>& result) noexcept {
  try {
    const std::shared_ptr<Pipeline> pipeline = spec_.hold ? spec_.hold->pipeline() : nullptr;
    JobSink sink(*this, spec_.request.get(), pipeline ? &pipeline->engine() : nullptr, spec_.log_level);
    const auto scope = backend().enter(sink);
    result = spec_.body(sink);
    return {};
  } catch (...) {
    Failure failure = current_failure();
    if (spec_.hold) spec_.hold->pipeline()->note(failure.status);
    try {
      if (failure.status == Status::Cancelled) failure.message = cancellation();
    } catch (...) {
    }
    return failure;
  }
}

void Job::work() noexcept {
  std::shared_ptr<Result> result;
  Failure failure = execute(result);
  // What the body holds is let go of, and the pipeline is free again, before anybody can learn that the job
  // has ended.
  spec_.body = nullptr;
  spec_.request.reset();
  {
    const std::lock_guard lock(mutex_);
    meter_.finish(failure.status == Status::Ok, Clock::now());
  }
  outcome_ = failure;
  result_ = std::move(result);
  spec_.hold.reset();
  finished_.store(true, std::memory_order_release);
  try {
    if (failure.status == Status::Ok) queue_.progress(progress());
    queue_.finish(failure.status, std::move(failure.message));
  } catch (...) {
    queue_.close();  // no memory for the last event: whoever waits learns the status from the job
  }
}

std::string Job::cancellation() const {
  return fmt::format("{} was cancelled {} at: {}. Nothing is left behind; call again to start over.",
                     spec_.function, cause(canceller_.load()), position());
}

std::shared_ptr<Result> Job::run(JobSpec spec, ltx_event_fn on_event, void* user_data) {
  const std::shared_ptr<Job> job = start(std::move(spec));
  job->pump(on_event, user_data);
  if (job->outcome_.status != Status::Ok) throw Error(job->outcome_.status, job->outcome_.message);
  return job->result_;
}

void Job::pump(ltx_event_fn on_event, void* user_data) {
  for (bool listening = on_event != nullptr;;) {
    const ltx_event* event;
    try {
      event = &next_event(-1);
    } catch (const Error&) {
      if (finished()) return;
      throw;
    }
    if (listening) {
      bool stop = false;
      {
        const HandlerScope scope(pipeline_, event->type);
        try {
          stop = on_event(event, user_data) != 0;
        } catch (...) {  // a handler should not throw through C; if it does, it wants no more events
          stop = true;
          listening = false;
        }
      }
      // A handler may have called into the library: its messages are not this call's.
      clear_last_error();
      if (stop) cancel(Canceller::Handler);
    }
    if (event->type == LTX_EVENT_FINISHED) return;
  }
}

const ltx_event& Job::next_event(int32_t timeout_ms) {
  const Consumer consumer(consuming_);
  current_ = Event{};
  switch (queue_.next(timeout_ms, current_)) {
    case EventQueue::Outcome::Event:
      break;
    case EventQueue::Outcome::Timeout:
      throw_not_finished(timeout_ms);
    case EventQueue::Outcome::Drained:
      fail(Status::Timeout,
           "the job has finished and its last event was delivered. Stop asking after a FINISHED event.");
    case EventQueue::Outcome::Closed:
      throw_freed();
  }
  event_ = make<ltx_event>();
  event_.type = current_.type;
  event_.status = static_cast<ltx_status>(current_.status);
  event_.dropped_logs = current_.dropped_logs;
  switch (current_.type) {
    case LTX_EVENT_PROGRESS:
      event_.progress = &current_.progress;
      break;
    case LTX_EVENT_LOG:
      event_.log_level = static_cast<ltx_log_level>(current_.level);
      event_.source = current_.source.c_str();
      event_.message = current_.message.c_str();
      break;
    case LTX_EVENT_PREVIEW:
    case LTX_EVENT_FRAMES:
      video_ = view_of(current_.video);
      event_.video = &video_;
      break;
    case LTX_EVENT_AUDIO:
      audio_ = view_of(current_.audio);
      event_.audio = &audio_;
      break;
    case LTX_EVENT_FINISHED:
      event_.message = current_.message.c_str();
      break;
    default:
      break;
  }
  return event_;
}

void Job::wait(int32_t timeout_ms) {
  const auto start = Clock::now();
  const Consumer consumer(consuming_);
  for (;;) {
    int32_t left = timeout_ms;
    if (timeout_ms > 0) {
      const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
      left = static_cast<int32_t>(std::max<int64_t>(timeout_ms - passed, 0));
    }
    current_ = Event{};
    const EventQueue::Outcome outcome = queue_.next(left, current_);
    if (finished() && (outcome != EventQueue::Outcome::Event || current_.type == LTX_EVENT_FINISHED)) break;
    if (outcome == EventQueue::Outcome::Closed) throw_freed();
    if (outcome == EventQueue::Outcome::Timeout) throw_not_finished(timeout_ms);
  }
  // A run that the free has ended may end before this thread hears of the free.
  if (outcome_.status == Status::Cancelled && abandoned_.load(std::memory_order_acquire)) throw_freed();
  if (outcome_.status != Status::Ok) throw Error(outcome_.status, outcome_.message);
}

void Job::throw_freed() {
  fail(Status::InvalidHandle,
       "expected a handle of type ltx_job, found: a handle that was freed while this call waited. Free a job "
       "after its last use.");
}

void Job::throw_not_finished(int32_t timeout_ms) const {
  fail(Status::Timeout,
       "nothing arrived within {} ms; the job is at: {}. Call again, or wait with a timeout of -1.",
       timeout_ms, position());
}

ltx_progress Job::progress() const {
  const std::lock_guard lock(mutex_);
  return meter_.snapshot(Clock::now());
}

std::string Job::position() const {
  const std::lock_guard lock(mutex_);
  return meter_.position();
}

void Job::cancel(Canceller by) noexcept {
  int none = -1;
  canceller_.compare_exchange_strong(none, static_cast<int>(by));
  queue_.stop();
}

void Job::abandon() noexcept {
  abandoned_.store(true, std::memory_order_release);  // before the run can end for it
  cancel(Canceller::Free);
  queue_.close();
}

}  // namespace ltx::api
