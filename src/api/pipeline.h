// An engine with the rules of who may use it when (docs/c-api.md R10).
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "api/to_c.h"
#include "base/status.h"
#include "engine/engine.h"
#include "ltx_c.h"

namespace ltx::api {

class Job;

class Pipeline : public std::enable_shared_from_this<Pipeline> {
 public:
  explicit Pipeline(std::unique_ptr<engine::Engine> engine);

  engine::Engine& engine() const { return *engine_; }
  const engine::PipelineParams& params() const { return params_; }

  /// The right to call what is marked X, until destroyed.
  class Hold {
   public:
    Hold(Hold&&) noexcept = default;
    Hold& operator=(Hold&&) = delete;
    ~Hold();

    const std::shared_ptr<Pipeline>& pipeline() const { return pipeline_; }
    /// Names the running job in messages to those who come second.
    void set_job(std::weak_ptr<Job> job);

   private:
    friend class Pipeline;
    explicit Hold(std::shared_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}
    std::shared_ptr<Pipeline> pipeline_;
  };

  /// Throws Busy if another call runs, Reentrant if that is the one whose event this thread handles,
  /// DeviceLost if the device is gone.
  Hold acquire(const char* function);

  void check_device() const;
  /// Remembers that the device is gone if that is what a failure says.
  void note(Status status) const;

  /// Keeps what a resolved request points to, one per calling thread.
  const ltx_request& keep(std::unique_ptr<ResolvedRequest> resolved) const;

 private:
  const std::unique_ptr<engine::Engine> engine_;
  const engine::PipelineParams params_;

  std::mutex mutex_;  // of the following
  const char* running_ = nullptr;
  std::chrono::steady_clock::time_point since_;
  std::weak_ptr<Job> job_;

  mutable std::mutex resolved_mutex_;
  mutable std::map<std::thread::id, std::unique_ptr<ResolvedRequest>> resolved_;
};

/// Marks that the thread is inside an event handler of a call on a pipeline (which may be null).
class HandlerScope {
 public:
  HandlerScope(const Pipeline* pipeline, ltx_event_type event) noexcept;
  ~HandlerScope();
  HandlerScope(const HandlerScope&) = delete;
  HandlerScope& operator=(const HandlerScope&) = delete;

  /// The event that this thread handles for the pipeline; 0 if none.
  static ltx_event_type handled(const Pipeline* pipeline) noexcept;

 private:
  const Pipeline* pipeline_;
  ltx_event_type event_;
  HandlerScope* outer_;
};

}  // namespace ltx::api
