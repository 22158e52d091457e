// One fraction for a whole call out of reports that count different things, and the time that each phase
// took.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "engine/engine.h"
#include "ltx_c.h"

namespace ltx::api {

/// Not thread-safe; the job guards it.
class ProgressMeter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressMeter(Clock::time_point start = Clock::now());

  void plan(std::vector<engine::PlannedWork> plan);

  /// The report as the client sees it. `fraction` never decreases.
  ltx_progress update(const Progress& progress, const engine::MemoryUse& memory, Clock::time_point now);
  /// The last report brought up to `now`; fraction 1 once finished.
  ltx_progress snapshot(Clock::time_point now) const;
  void finish(bool complete, Clock::time_point now);

  /// Seconds in a phase; a stage of 0 means any.
  double seconds(Phase phase, int32_t stage = 0) const;
  double total_seconds(Clock::time_point now) const;

  /// "denoise, stage 1, step 3 of 8" or "start".
  std::string position() const;
  const Progress& last() const { return last_; }

 private:
  struct Share {
    Phase phase;
    int32_t stage;
    double seconds;
  };

  void charge(Clock::time_point now);
  bool matches_plan() const;
  double remaining(double elapsed) const;

  Clock::time_point start_, reported_;
  std::vector<engine::PlannedWork> plan_;
  std::optional<Clock::time_point> end_;
  size_t cursor_ = 0;
  bool started_ = false;
  double done_before_ = 0, total_ = 0, fraction_ = 0;
  Progress last_;
  engine::MemoryUse memory_;
  std::vector<Share> shares_;
};

}  // namespace ltx::api
