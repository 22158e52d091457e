// The synthetic model set of tools/make_default_model.py: the same bytes everywhere, complete, and alive from
// prompt to clip.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "pipelines/components.h"
#include "pipelines/factory.h"
#include "pipelines_fixture.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

const std::string kFolder = LTX_BINARY_DIR "/default-model-tiny";

engine::PipelineParams params_of(PipelineKind kind) {
  engine::PipelineParams params;
  params.kind = kind;
  params.compute_dtype = engine::ComputeDtype::F32;
  params.device_type = engine::DeviceType::Cpu;
  params.models.root = kFolder;
  return params;
}

/// Mean and standard deviation of values in [0, 1] or [−1, 1], and the share of them at the ends.
struct Spread {
  double mean = 0, deviation = 0, at_ends = 0;
};

template <class Values, class Map>
Spread spread_of(const Values& values, double low, double high, Map&& map) {
  double sum = 0, squares = 0, ends = 0;
  for (const auto& value : values) {
    const double x = map(value);
    sum += x, squares += x * x, ends += x <= low || x >= high;
  }
  const auto n = static_cast<double>(values.size());
  return {sum / n, std::sqrt(squares / n - sum / n * (sum / n)), ends / n};
}

}  // namespace

TEST_CASE("the tiny preset has the bytes that it has on every machine") {
  std::ifstream file(kFolder + "/SHA256");
  std::string digest;
  file >> digest;
  // A changed tool changes this on purpose; a changed machine must not.
  CHECK(digest == "56dc3ebb11bff17eba86c307f716213993ea4c11aa010305f2c8aedab2bea52a");
}

TEST_CASE("every network of the set loads, and no tensor is left over") {
  for (const auto kind : {PipelineKind::Distilled, PipelineKind::OneStage}) {
    pipelines::Components components(params_of(kind));
    components.preload(engine::Component::All, Monitor::silent());
    for (const auto& warning : components.warnings())  // nobody looks at pictures while a prompt is encoded
      CHECK_MESSAGE(warning.find("the first is 'projector.") != std::string::npos, warning);
  }
  weights::ModelPaths paths;
  paths.root = kFolder;
  const weights::ModelFiles files(paths);
  const auto part = files.open(weights::Component::AudioEncoder);
  const audio::Encoder encoder(quant::Source(part.view, at::kCPU, at::kFloat),
                               audio::VaeConfig::parse(part.config, part.file));
  CHECK(part.view.unused().empty());
}

TEST_CASE("a prompt becomes pictures and sound that are neither constant nor saturated") {
  const auto engine =
      pipelines::make_engine(params_of(PipelineKind::Distilled));  // by the folder, as the demo does
  auto request = small_request(PipelineKind::Distilled);
  request.width = request.height = 128;
  KeepingSink sink;
  const auto output = engine->generate(engine->resolve(request), sink);
  CHECK(sink.frame_count == 9);
  CHECK(sink.sample_rate == 48000);
  const auto picture = spread_of(sink.video, 0, 255, [](std::byte b) { return static_cast<double>(b); });
  CHECK(picture.mean > 64);
  CHECK(picture.mean < 192);
  CHECK(picture.deviation > 12);
  CHECK(picture.at_ends < 0.05);
  const auto sound = spread_of(sink.samples, -1, 1, [](float x) { return static_cast<double>(x); });
  CHECK(sound.deviation > 0.02);
  CHECK(sound.at_ends < 0.05);

  request.prompt = "waves break against black rocks";
  KeepingSink other;
  engine->generate(engine->resolve(request), other);
  CHECK((other.video != sink.video));  // the prompt matters
}
