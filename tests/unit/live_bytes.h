// The process's tensors in host memory, for tests that see ltx.hpp, whose names the library's own rooms have,
// too.
#pragma once
#include <cstdint>
#include <memory>

namespace ltx::test {

class LiveBytes {
 public:
  LiveBytes();
  ~LiveBytes();
  LiveBytes(const LiveBytes&) = delete;
  LiveBytes& operator=(const LiveBytes&) = delete;

  /// Since construction.
  int64_t current() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ltx::test
