// The threads that jobs run on. None of them may be running when the libraries below are taken down at the
// end of the process, so they are counted, and ended first.
#pragma once
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace ltx::api {

/// Called on entry of the library: on the main thread, exit() will then end the running jobs before it does
/// anything else. (A destructor of this library would be too late: what the libraries below made at their
/// first use is destroyed before it.)
void watch_exit() noexcept;

class Threads {
 public:
  /// The process's threads; never destroyed.
  static Threads& instance();

  /// Runs `work` on a new thread that takes none of the process's signals. `cancel` asks it to end soon, from
  /// any thread, and until the thread has ended. Joins threads that have ended before. Throws Cancelled while
  /// the process ends.
  void start(std::function<void()> work, std::function<void()> cancel);

  /// Cancels everything and waits until it has ended.
  void end() noexcept;
  /// The same when it may be too late to end well: waits a second at most. start() refuses from now on.
  void abandon() noexcept;

 private:
  struct Entry {
    std::thread thread;
    std::function<void()> cancel;
    bool done = false;
  };

  void reap(std::list<Entry>& ended);

  void cancel_all();

  std::mutex mutex_;
  std::condition_variable ended_;
  std::list<Entry> entries_;
  int process_ = 0;  // that started the threads: a forked child has none of them
  bool ending_ = false;
};

}  // namespace ltx::api
