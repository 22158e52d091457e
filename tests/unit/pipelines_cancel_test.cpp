// Cancelled anywhere: the status, no file, the memory as before, and the next generation is that of a
// pipeline that nobody ever stopped.
#include "base/error.h"
#include "device/allocation_tracker.h"
#include "pipelines_recipes.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

constexpr size_t kPoints = 10;

/// Watches like a host that writes a file and shows frames, and says stop at the n-th question.
class StoppingSink : public engine::Sink {
 public:
  explicit StoppingSink(size_t stop_at) : stop_at_(stop_at) {}
  bool wants_frames() const override { return true; }
  bool wants_audio() const override { return true; }
  void progress(const Progress& report) override { phase_ = report.phase; }
  bool cancelled() const override {
    asked.push_back(phase_);
    return asked.size() > stop_at_;
  }

  mutable std::vector<Phase> asked;  // the phase at each question

 private:
  size_t stop_at_;
  Phase phase_ = Phase::None;
};

/// Ten questions of a run: one amid each phase, the first and the last, and others between them. Most
/// questions are asked while weights are read, so an even spread alone would see little else.
std::vector<size_t> points_of(const std::vector<Phase>& asked) {
  std::map<Phase, std::vector<size_t>> of_phase;
  for (size_t i = 0; i < asked.size(); ++i) of_phase[asked[i]].push_back(i);
  std::vector<size_t> points;
  for (const auto& [phase, questions] : of_phase) points.push_back(questions[questions.size() / 2]);
  REQUIRE(points.size() < kPoints);
  for (size_t i = 0, left = kPoints - points.size(); i < left; ++i)
    points.push_back(i * (asked.size() - 1) / std::max<size_t>(left - 1, 1));
  return points;
}

/// Runs stopped at ten points, and what they leave.
void stop_everywhere(PipelineKind kind, engine::MemoryMode mode) {
  constexpr size_t kNever = size_t{1} << 40;
  const TemporaryFolder folder;
  auto params = recipe_params(kind);
  params.memory_mode = mode;
  params.prompt_cache_entries = 0;  // otherwise the text is encoded in the first run alone
  const device::AllocationTracker memory;
  pipelines::PipelineEngine engine(params);
  auto request = recipe_request(kind);
  request.output.path = folder / (kind == PipelineKind::TextToAudio ? "clip.wav" : "clip.mp4");
  const auto resolved = engine.resolve(request);
  const bool cold = mode == engine::MemoryMode::Cold;

  StoppingSink counting(kNever);
  const auto whole = digest(engine.generate(resolved, counting));
  CHECK(folder.entries() == 1);
  std::filesystem::remove(request.output.path);
  const auto live = memory.current();
  if (cold) CHECK(live == 0);

  for (const auto point : points_of(counting.asked)) {
    CAPTURE(point);
    engine.evict(engine::Component::All);
    StoppingSink sink(point);
    try {
      engine.generate(resolved, sink);
      FAIL("not cancelled");
    } catch (const Error& error) {
      CHECK(error.status() == Status::Cancelled);
    }
    CHECK(sink.asked.back() == counting.asked[point]);
    CHECK(folder.entries() == 0);
    // What was read before the stop may stay.
    if (cold)
      CHECK(memory.current() == live);
    else
      CHECK(memory.current() <= live);
  }
  StoppingSink after(kNever);
  CHECK(digest(engine.generate(resolved, after)) == whole);
  CHECK(folder.entries() == 1);
  CHECK(memory.current() == live);
}

}  // namespace

TEST_CASE("cancel: ten points of every recipe") {
  for (const auto kind : kRecipes) {
    CAPTURE(engine::name_of(kind));
    stop_everywhere(kind, engine::MemoryMode::Cold);
  }
}

TEST_CASE("cancel: networks that stay in memory, with and without a change of LoRAs between stages") {
  stop_everywhere(PipelineKind::OneStage, engine::MemoryMode::Persistent);
  stop_everywhere(PipelineKind::TwoStage, engine::MemoryMode::Persistent);
}
