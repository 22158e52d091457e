// Cancelled anywhere: the status, no file, the memory as before, and the next generation is that of a
// pipeline that nobody ever stopped.
#include "base/error.h"
#include "pipelines_recipes.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

constexpr int kPoints = 10;

/// Watches like a host that writes a file and shows frames, and says stop at the n-th question.
class StoppingSink : public engine::Sink {
 public:
  explicit StoppingSink(int stop_at) : stop_at_(stop_at) {}
  bool wants_frames() const override { return true; }
  bool wants_audio() const override { return true; }
  void progress(const Progress& report) override { phase = report.phase; }
  bool cancelled() const override { return questions++ >= stop_at_; }

  Phase phase = Phase::None;
  mutable int questions = 0;

 private:
  int stop_at_;
};

/// Ten runs stopped at questions spread over a whole one, and what they leave. Returns the phases that were
/// reached.
std::set<Phase> stop_everywhere(PipelineKind kind, engine::MemoryMode mode) {
  const TemporaryFolder folder;
  auto params = recipe_params(kind);
  params.memory_mode = mode;
  params.prompt_cache_entries = 0;  // otherwise the text is encoded in the first run alone
  pipelines::PipelineEngine engine(params);
  auto request = recipe_request(kind);
  request.output.path = folder / (kind == PipelineKind::TextToAudio ? "clip.wav" : "clip.mp4");
  const auto resolved = engine.resolve(request);
  const bool cold = mode == engine::MemoryMode::Cold;

  StoppingSink counting(1 << 30);
  const auto whole = digest(engine.generate(resolved, counting));
  REQUIRE(counting.questions > 3 * kPoints);
  CHECK(folder.entries() == 1);
  std::filesystem::remove(request.output.path);
  const auto live = engine.live_bytes();
  if (cold) CHECK(live == 0);

  std::set<Phase> phases;
  for (int i = 0; i < kPoints; ++i) {
    CAPTURE(i);
    engine.evict(engine::Component::All);
    StoppingSink sink(i * (counting.questions - 1) / (kPoints - 1));
    try {
      engine.generate(resolved, sink);
      FAIL("not cancelled");
    } catch (const Error& error) {
      CHECK(error.status() == Status::Cancelled);
    }
    CHECK(folder.entries() == 0);
    // What was read before the stop may stay.
    if (cold)
      CHECK(engine.live_bytes() == live);
    else
      CHECK(engine.live_bytes() <= live);
    phases.insert(sink.phase);
  }
  StoppingSink after(1 << 30);
  CHECK(digest(engine.generate(resolved, after)) == whole);

  CHECK(folder.entries() == 1);
  CHECK(engine.live_bytes() == live);
  return phases;
}

}  // namespace

TEST_CASE("cancel: ten points of every recipe") {
  for (const auto kind : kRecipes) {
    CAPTURE(engine::name_of(kind));
    const auto phases = stop_everywhere(kind, engine::MemoryMode::Cold);
    CHECK(phases.contains(Phase::Load));
    CHECK(phases.contains(Phase::Denoise));
  }
}

TEST_CASE("cancel: networks that stay in memory, with and without a change of LoRAs between stages") {
  stop_everywhere(PipelineKind::OneStage, engine::MemoryMode::Persistent);
  stop_everywhere(PipelineKind::TwoStage, engine::MemoryMode::Persistent);
}
