#include "api/event_queue.h"

#include <chrono>
#include <utility>

namespace ltx::api {

void EventQueue::progress(const ltx_progress& progress) {
  {
    const std::lock_guard lock(mutex_);
    Event event;
    event.type = LTX_EVENT_PROGRESS;
    event.progress = progress;
    progress_ = Stamped{order_++, std::move(event)};
  }
  readable_.notify_one();
}

void EventQueue::log(LogLevel level, std::string source, std::string message) {
  {
    const std::lock_guard lock(mutex_);
    if (logs_.size() == kLogLines) {
      logs_.pop_front();
      ++dropped_;
    }
    Event event;
    event.type = LTX_EVENT_LOG;
    event.level = level;
    event.source = std::move(source);
    event.message = std::move(message);
    logs_.push_back({order_++, std::move(event)});
  }
  readable_.notify_one();
}

bool EventQueue::chunk(Event event) {
  {
    std::unique_lock lock(mutex_);
    writable_.wait(lock, [&] { return chunks_.size() < kUnreadChunks || stopped_ || closed_; });
    if (stopped_ || closed_) return false;
    chunks_.push_back({order_++, std::move(event)});
  }
  readable_.notify_one();
  return true;
}

void EventQueue::finish(Status status, std::string message) {
  {
    const std::lock_guard lock(mutex_);
    Event event;
    event.type = LTX_EVENT_FINISHED;
    event.status = status;
    event.message = std::move(message);
    last_ = Stamped{order_++, std::move(event)};
  }
  readable_.notify_all();
}

void EventQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  writable_.notify_all();
}

void EventQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    chunks_.clear();
    logs_.clear();
  }
  writable_.notify_all();
  readable_.notify_all();
}

bool EventQueue::pop(Event& event) {
  constexpr uint64_t kNever = ~uint64_t{0};
  const uint64_t progress = progress_ ? progress_->order : kNever;
  const uint64_t log = logs_.empty() ? kNever : logs_.front().order;
  const uint64_t chunk = chunks_.empty() ? kNever : chunks_.front().order;
  if (progress < log && progress < chunk) {
    event = std::move(progress_->event);
    progress_.reset();
  } else if (log < chunk) {
    event = std::move(logs_.front().event);
    logs_.pop_front();
  } else if (chunk != kNever) {
    event = std::move(chunks_.front().event);
    chunks_.pop_front();
    writable_.notify_one();
  } else if (last_) {
    event = std::move(last_->event);
    last_.reset();
    drained_ = true;
  } else {
    return false;
  }
  event.dropped_logs = dropped_;
  return true;
}

EventQueue::Outcome EventQueue::next(int32_t timeout_ms, Event& event) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] {
    return progress_ || !logs_.empty() || !chunks_.empty() || last_ || closed_ || drained_;
  };
  if (timeout_ms < 0)
    readable_.wait(lock, ready);
  else if (timeout_ms > 0)
    readable_.wait_for(lock, std::chrono::milliseconds(timeout_ms), ready);
  if (closed_) return Outcome::Closed;
  if (pop(event)) return Outcome::Event;
  return drained_ ? Outcome::Drained : Outcome::Timeout;
}

}  // namespace ltx::api
