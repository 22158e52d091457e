#include "api/progress_meter.h"

#include <algorithm>

#include "api/enum_names.h"
#include "api/structs.h"

namespace ltx::api {
namespace {

double seconds_between(ProgressMeter::Clock::time_point from, ProgressMeter::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// The part of the current phase that is behind us: steps count from 1 and are reported when they begin.
double part_done(const Progress& p) {
  double part = 0;
  if (p.step_count > 0)
    part = (std::max(p.step, 1) - 1) / static_cast<double>(p.step_count);
  else if (p.bytes_total > 0)
    part = static_cast<double>(p.bytes_done) / static_cast<double>(p.bytes_total);
  return std::clamp(part, 0.0, 1.0);
}

}  // namespace

ProgressMeter::ProgressMeter(Clock::time_point start) : start_(start), reported_(start) {}

void ProgressMeter::plan(std::vector<engine::PlannedWork> plan) {
  plan_ = std::move(plan);
  cursor_ = 0;
  started_ = false;
  done_before_ = total_ = 0;
  for (engine::PlannedWork& work : plan_) total_ += work.weight = std::max(work.weight, 0.0);
}

void ProgressMeter::charge(Clock::time_point now) {
  if (last_.phase != Phase::None) {
    auto share = std::ranges::find_if(
        shares_, [&](const Share& s) { return s.phase == last_.phase && s.stage == last_.stage; });
    if (share == shares_.end()) share = shares_.insert(share, {last_.phase, last_.stage, 0});
    share->seconds += seconds_between(reported_, now);
  }
  reported_ = now;
}

double ProgressMeter::remaining(double elapsed) const {
  if (fraction_ >= 1) return 0;
  return fraction_ > 0.01 ? elapsed * (1 - fraction_) / fraction_ : -1;
}

ltx_progress ProgressMeter::update(const Progress& progress, const engine::MemoryUse& memory,
                                   Clock::time_point now) {
  charge(now);
  const bool same = started_ && progress.phase == last_.phase && progress.stage == last_.stage;
  last_ = progress;
  memory_ = memory;
  if (!same) {
    // Forward only: a phase that comes again is the next entry of its kind. A load that is not the very next
    // entry was not planned (weights that were thought to be there), and must not skip what it precedes.
    const auto from =
        plan_.begin() + static_cast<std::ptrdiff_t>(std::min(cursor_ + (started_ ? 1 : 0), plan_.size()));
    auto found = std::find_if(from, plan_.end(), [&](const engine::PlannedWork& w) {
      return w.phase == progress.phase && w.stage == progress.stage;
    });
    if (progress.phase == Phase::Load && found != from) found = plan_.end();
    if (found != plan_.end()) {
      const size_t next = static_cast<size_t>(found - plan_.begin());
      for (; cursor_ < next; ++cursor_) done_before_ += plan_[cursor_].weight;
      started_ = true;
    }
  }
  if (started_ && matches_plan())
    fraction_ = std::max(
        fraction_, (done_before_ + plan_[cursor_].weight * part_done(progress)) / std::max(total_, 1e-300));
  // Complete is what has finished, not what is about to.
  fraction_ = std::min(fraction_, 0.999);
  return snapshot(now);
}

bool ProgressMeter::matches_plan() const {
  return cursor_ < plan_.size() && plan_[cursor_].phase == last_.phase && plan_[cursor_].stage == last_.stage;
}

ltx_progress ProgressMeter::snapshot(Clock::time_point now) const {
  ltx_progress out = make<ltx_progress>();
  out.phase = static_cast<ltx_phase>(last_.phase);
  out.stage = last_.stage;
  out.stage_count = last_.stage_count;
  out.step = last_.step;
  out.step_count = last_.step_count;
  out.fraction = fraction_;
  out.elapsed_seconds = total_seconds(now);
  out.remaining_seconds = remaining(out.elapsed_seconds);
  out.sigma = last_.sigma;
  out.bytes_done = last_.bytes_done;
  out.bytes_total = last_.bytes_total;
  out.device_bytes = memory_.device_bytes;
  out.host_bytes = memory_.host_bytes;
  return out;
}

void ProgressMeter::finish(bool complete, Clock::time_point now) {
  charge(now);
  if (complete) fraction_ = 1;
  end_ = now;
}

double ProgressMeter::seconds(Phase phase, int32_t stage) const {
  double sum = 0;
  for (const Share& share : shares_)
    if (share.phase == phase && (stage == 0 || share.stage == stage)) sum += share.seconds;
  return sum;
}

double ProgressMeter::total_seconds(Clock::time_point now) const {
  return seconds_between(start_, end_.value_or(now));
}

std::string ProgressMeter::position() const {
  if (last_.phase == Phase::None) return "start";
  const char* name = enum_name(LTX_ENUM_PHASE, static_cast<int32_t>(last_.phase));
  std::string text = name ? name : "work";
  if (last_.stage > 0) text += fmt::format(", stage {}", last_.stage);
  if (last_.step_count > 0) text += fmt::format(", step {} of {}", last_.step, last_.step_count);
  return text;
}

}  // namespace ltx::api
