// Events between the thread that works and the one that listens (docs/c-api.md R11). Progress is one slot,
// logs are a ring with a drop counter, frames and samples are never dropped: the worker waits while two
// chunks are unread.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "base/monitor.h"
#include "base/status.h"
#include "engine/media.h"
#include "ltx_c.h"

namespace ltx::api {

struct Event {
  ltx_event_type type = 0;
  ltx_progress progress{};
  LogLevel level = LogLevel::Off;
  std::string source, message;
  engine::Pixels video;
  engine::Samples audio;
  Status status = Status::Ok;
  uint64_t dropped_logs = 0;
};

class EventQueue {
 public:
  static constexpr size_t kLogLines = 1024;
  static constexpr size_t kUnreadChunks = 2;

  void progress(const ltx_progress& progress);
  void log(LogLevel level, std::string source, std::string message);
  /// Waits while too many chunks are unread; false if the listener has gone or stop() was called.
  bool chunk(Event event);
  /// The last event.
  void finish(Status status, std::string message);

  /// Wakes a waiting worker for good: the work is to end.
  void stop();
  /// Wakes everybody for good: nobody will listen any more.
  void close();

  enum class Outcome { Event, Timeout, Drained, Closed };
  /// Events leave in the order of their arrival. Milliseconds; -1 waits without limit.
  Outcome next(int32_t timeout_ms, Event& event);

 private:
  struct Stamped {
    uint64_t order;
    Event event;
  };
  bool pop(Event& event);

  std::mutex mutex_;
  std::condition_variable readable_, writable_;
  uint64_t order_ = 0, dropped_ = 0;
  std::optional<Stamped> progress_, last_;
  std::deque<Stamped> logs_, chunks_;
  bool stopped_ = false, closed_ = false, drained_ = false;
};

}  // namespace ltx::api
