// Handles of the library, and how long they live while one thread reads what belongs to them and another
// closes them.
#pragma once
#include <mutex>

#include "failure.h"

namespace pyltx {

/// A handle of the library. It stays a token when it was freed: the library says so when it is used.
template <class T>
class Handle {
 public:
  /// Keeps what the library lends alive from before a call until Python has its own copy, for which the
  /// interpreter's lock must be taken again: another thread may close the handle, or ask it anew, in between.
  /// A close during a lease takes effect at its end. Nobody waits, so a finalizer may close, too.
  class Lease {
   public:
    explicit Lease(Handle& handle, bool alone = false) : handle_(handle) {
      const std::lock_guard lock(handle.mutex_);
      if (handle.closed_)
        throw Failure{LTX_E_INVALID_HANDLE, "the object was freed. Close it after its last use."};
      if (alone && handle.leases_ > 0)
        throw Failure{LTX_E_BUSY,
                      "another thread is waiting for events of this job. Let one thread consume a job's "
                      "events."};
      ++handle.leases_;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      bool last;
      {
        const std::lock_guard lock(handle_.mutex_);
        last = --handle_.leases_ == 0 && handle_.closed_;
      }
      if (last) handle_.release();
    }

   private:
    Handle& handle_;
  };

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (handle_ == nullptr) return;
    if (finalizing())
      ltx_free(handle_);  // the lock that were let go of could not be had again
    else
      release();
  }
  T* get() const { return handle_; }
  T** out() { return &handle_; }
  /// Whether it is free now; else it is at the end of the last lease.
  bool free() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      if (leases_ > 0) return false;
    }
    release();
    return true;
  }

 private:
  void release() {
    const Unlocked unlocked;  // weights may be many files
    ltx_free(handle_);
  }

  T* handle_ = nullptr;
  std::mutex mutex_;  // held for moments; never while waiting for the interpreter's lock
  int leases_ = 0;
  bool closed_ = false;
};

}  // namespace pyltx
