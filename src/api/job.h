// A call that runs on a thread of its own: what it does, what it reports, how it ends. A blocking call is a
// job whose events are pumped on the caller's thread.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/event_queue.h"
#include "api/guard.h"
#include "api/pipeline.h"
#include "api/progress_meter.h"
#include "api/result.h"
#include "engine/engine.h"

namespace ltx::api {

class Job;

/// What the working thread sees of its job.
class JobSink final : public engine::Sink {
 public:
  JobSink(Job& job, const engine::Request* request, const engine::Engine* engine, LogLevel level);

  void progress(const Progress& progress) override;
  void log(LogLevel level, std::string_view source, std::string_view message) override;
  bool cancelled() const override;
  void plan(const std::vector<engine::PlannedWork>& plan) override;
  bool wants_frames() const override { return keep_ || stream_; }
  bool wants_audio() const override { return keep_ || stream_; }
  void frames(const engine::Pixels& chunk) override;
  void audio(const engine::Samples& chunk) override;

  /// The result of a generation.
  std::shared_ptr<Result> finish(engine::Output output, const engine::Request& request,
                                 const engine::PipelineParams& params);

 private:
  void send(Event event);

  Job& job_;
  const engine::Engine* engine_;
  const LogLevel level_;
  bool keep_ = false, stream_ = false;
  std::optional<ClipBuilder> clip_;
};

struct JobSpec {
  const char* function = "";
  std::optional<Pipeline::Hold> hold;
  LogLevel log_level = LogLevel::Warning;
  std::shared_ptr<const engine::Request> request;  // of a generation
  std::function<std::shared_ptr<Result>(JobSink&)> body;
};

class Job : public std::enable_shared_from_this<Job> {
 public:
  /// Starts the thread.
  static std::shared_ptr<Job> start(JobSpec spec);

  /// Runs to the end while the calling thread handles the events. Throws what the job ended with.
  static std::shared_ptr<Result> run(JobSpec spec, ltx_event_fn on_event, void* user_data);

  /// One consumer at a time: Busy otherwise. The event and what it points to live until the next call. Throws
  /// Timeout, InvalidHandle if the job is freed meanwhile.
  const ltx_event& next_event(int32_t timeout_ms);
  /// Discards events until the end. Throws Timeout, and what the job ended with.
  void wait(int32_t timeout_ms);

  ltx_progress progress() const;
  std::string position() const;

  enum class Canceller { Handler, Cancel, Free, Exit };
  void cancel(Canceller by) noexcept;
  /// The last handle was freed: cancels, and nobody listens any more.
  void abandon() noexcept;

  bool finished() const { return finished_.load(std::memory_order_acquire); }
  /// Both only once finished; a job never changes afterwards.
  const Failure& outcome() const { return outcome_; }
  const std::shared_ptr<Result>& result() const { return result_; }

 private:
  friend class JobSink;
  explicit Job(JobSpec spec);

  void work() noexcept;
  Failure execute(std::shared_ptr<Result>& result) noexcept;
  std::string cancellation() const;
  void pump(ltx_event_fn on_event, void* user_data);
  [[noreturn]] void throw_not_finished(int32_t timeout_ms) const;
  [[noreturn]] static void throw_freed();

  JobSpec spec_;
  const Pipeline* pipeline_ = nullptr;  // identity only
  EventQueue queue_;
  mutable std::mutex mutex_;
  ProgressMeter meter_;  // guarded by mutex_
  std::atomic<int> canceller_{-1};
  std::atomic<bool> finished_{false};
  Failure outcome_;
  std::shared_ptr<Result> result_;

  std::atomic<bool> abandoned_{false};
  std::atomic<bool> consuming_{false};
  // The event that the consumer holds.
  Event current_;
  ltx_event event_{};
  ltx_video_buffer video_{};
  ltx_audio_buffer audio_{};
};

}  // namespace ltx::api
