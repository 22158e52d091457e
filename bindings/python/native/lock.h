// The interpreter's lock, let go of and taken again by threads that may outlive the interpreter.
#pragma once
#include <pybind11/pybind11.h>
#include <unistd.h>

namespace pyltx {

/// Once the interpreter ends, Python up to 3.13 ends a daemon thread that asks for the lock by unwinding its
/// stack, and a stack with the library's frames on it aborts the process instead. Such a thread waits for the
/// process to end, as it does in Python 3.14.
[[noreturn]] inline void wait_for_exit() {
  for (;;) pause();
}

inline bool finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

/// Without the lock from here to the end of the scope.
class Unlocked {
 public:
  Unlocked() : state_(PyEval_SaveThread()) {}
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;
  ~Unlocked() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {  // the unwinding
      wait_for_exit();
    }
  }

 private:
  PyThreadState* state_;
};

/// With the lock from here to the end of the scope, in a function that the library calls.
class Locked {
 public:
  Locked() {
    try {
      state_ = PyGILState_Ensure();
    } catch (...) {
      wait_for_exit();
    }
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_{};
};

}  // namespace pyltx
