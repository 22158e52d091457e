#include "api/threads.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"

namespace ltx::api {
namespace {

/// Signals of the process go to the host's threads: a new thread inherits the mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// exit() runs the thread-local destructors of the thread that calls it, then everything else.
struct AtExit {
  AtExit() noexcept = default;
  ~AtExit() { Threads::instance().end(); }
};

/// For programs whose main thread never called the library.
__attribute__((destructor)) void end_threads() {
  Threads::instance().abandon();
}

}  // namespace

void watch_exit() noexcept {
  static thread_local const bool main_thread = gettid() == getpid();
  if (!main_thread) return;
  static thread_local const AtExit at_exit;
  (void)at_exit;
}

Threads& Threads::instance() {
  static Threads* threads = new Threads;
  return *threads;
}

void Threads::reap(std::list<Entry>& ended) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->done) ended.splice(ended.end(), entries_, entry);
    entry = next;
  }
}

void Threads::start(std::function<void()> work, std::function<void()> cancel) {
  std::list<Entry> ended;
  {
    const std::lock_guard lock(mutex_);
    if (ending_)
      fail(Status::Cancelled, "the process is ending. Start no work in destructors of static objects.");
    process_ = static_cast<int>(getpid());
    reap(ended);
    entries_.push_back({{}, std::move(cancel), false});
    const auto entry = std::prev(entries_.end());
    try {
      const SignalsBlocked blocked;
      entry->thread = std::thread([this, entry, work = std::move(work)]() mutable {
        work();
        work = nullptr;  // what it holds is let go of on this thread
        std::function<void()> forgotten;
        const std::lock_guard done(mutex_);
        forgotten.swap(entry->cancel);
        entry->done = true;
        ended_.notify_all();
      });
    } catch (...) {
      entries_.erase(entry);
      throw;
    }
  }
  for (Entry& entry : ended) entry.thread.join();
}

void Threads::cancel_all() {
  for (Entry& entry : entries_)
    if (entry.cancel) entry.cancel();
}

void Threads::end() noexcept {
  std::list<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    if (process_ != static_cast<int>(getpid())) return;
    cancel_all();
    entries.splice(entries.end(), entries_);  // an entry keeps its address: its thread may still write to it
  }
  for (Entry& entry : entries) entry.thread.join();
}

void Threads::abandon() noexcept {
  std::unique_lock lock(mutex_);
  ending_ = true;
  if (process_ != static_cast<int>(getpid())) return;
  cancel_all();
  ended_.wait_for(lock, std::chrono::seconds(1), [this] {
    return std::all_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.done; });
  });
}

}  // namespace ltx::api
