#include "api/pipeline.h"

#include <array>
#include <atomic>

#include "api/enum_names.h"
#include "api/job.h"
#include "base/error.h"

namespace ltx::api {
namespace {

thread_local HandlerScope* g_handler = nullptr;

// Devices after a sticky error. Once set, only a new process helps.
constexpr size_t kDevices = 64;
std::array<std::atomic<bool>, kDevices> g_lost{};

}  // namespace

HandlerScope::HandlerScope(const Pipeline* pipeline, ltx_event_type event) noexcept
    : pipeline_(pipeline), event_(event), outer_(g_handler) {
  g_handler = this;
}

HandlerScope::~HandlerScope() {
  g_handler = outer_;
}

ltx_event_type HandlerScope::handled(const Pipeline* pipeline) noexcept {
  for (const HandlerScope* scope = g_handler; scope != nullptr; scope = scope->outer_)
    if (scope->pipeline_ == pipeline) return scope->event_;
  return 0;
}

Pipeline::Pipeline(std::unique_ptr<engine::Engine> engine)
    : engine_(std::move(engine)), params_(engine_->params()) {}

Pipeline::Hold Pipeline::acquire(const char* function) {
  check_device();
  if (const ltx_event_type event = HandlerScope::handled(this); event != 0) {
    const char* name = enum_name(LTX_ENUM_EVENT, event);
    fail(Status::Reentrant,
         "{} was called on a pipeline inside the handler of one of its own {} events. Return from the "
         "handler first.",
         function, name ? name : "unknown");
  }
  const std::lock_guard lock(mutex_);
  if (running_ != nullptr) {
    const auto job = job_.lock();
    fail(Status::Busy,
         "{} was called while {} is running on the pipeline, since {:.1f} s, at: {}. Wait for it, or use "
         "another pipeline.",
         function, running_, std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count(),
         job ? job->position() : "start");
  }
  running_ = function;
  since_ = std::chrono::steady_clock::now();
  job_.reset();
  return Hold(shared_from_this());
}

Pipeline::Hold::~Hold() {
  if (!pipeline_) return;
  const std::lock_guard lock(pipeline_->mutex_);
  pipeline_->running_ = nullptr;
}

void Pipeline::Hold::set_job(std::weak_ptr<Job> job) {
  const std::lock_guard lock(pipeline_->mutex_);
  pipeline_->job_ = std::move(job);
}

void Pipeline::check_device() const {
  if (params_.device_type != engine::DeviceType::Cuda) return;
  const auto index = static_cast<size_t>(params_.device_index);
  if (index < kDevices && g_lost[index].load())
    fail(Status::DeviceLost,
         "cuda:{} was lost to an earlier CUDA error and cannot be used by this process again. Restart it.",
         index);
}

void Pipeline::note(Status status) const {
  const auto index = static_cast<size_t>(params_.device_index);
  if (status == Status::DeviceLost && params_.device_type == engine::DeviceType::Cuda && index < kDevices)
    g_lost[index].store(true);
}

const ltx_request& Pipeline::keep(std::unique_ptr<ResolvedRequest> resolved) const {
  const std::lock_guard lock(resolved_mutex_);
  auto& mine = resolved_[std::this_thread::get_id()];
  mine = std::move(resolved);
  return mine->request();
}

}  // namespace ltx::api
