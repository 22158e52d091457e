#include <doctest/doctest.h>

#include "base/error.h"
#include "base/monitor.h"

using namespace ltx;

TEST_CASE("fail throws the house exception with its status and message") {
  try {
    fail(Status::FileCorrupt, "'{}' at byte {}", "a.safetensors", 7);
    FAIL("did not throw");
  } catch (const Error& error) {
    CHECK(error.status() == Status::FileCorrupt);
    CHECK(std::string(error.what()) == "'a.safetensors' at byte 7");
  }
}

TEST_CASE("a checkpoint throws Cancelled only after the caller asked to stop") {
  struct Stoppable : Monitor {
    bool stop = false;
    bool cancelled() const override { return stop; }
  } monitor;
  CHECK_NOTHROW(monitor.checkpoint());
  monitor.stop = true;
  try {
    monitor.checkpoint();
    FAIL("did not throw");
  } catch (const Error& error) {
    CHECK(error.status() == Status::Cancelled);
  }
  CHECK_NOTHROW(Monitor::silent().checkpoint());
}
