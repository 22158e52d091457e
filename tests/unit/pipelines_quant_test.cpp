// Every policy on a whole pipeline: the configuration of spec 08 §25, whose widths every block size divides.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "pipelines/factory.h"
#include "pipelines_fixture.h"
#include "quant/policy.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;
using engine::QuantPolicy;

namespace {

const std::string kWide = LTX_BINARY_DIR "/default-model-wide";

engine::PipelineParams wide_params(QuantPolicy policy) {
  engine::PipelineParams params;
  params.kind = PipelineKind::Distilled;
  params.compute_dtype = engine::ComputeDtype::F32;
  params.device_type = engine::DeviceType::Cpu;
  params.models.root = kWide;
  params.quant = policy;
  params.measure_quantization = true;
  return params;
}

struct Outcome {
  std::vector<float> video, audio;
  std::vector<std::byte> frames;
  nlohmann::json transformer;  // its part of the report
  nlohmann::json info;
};

Outcome run(const engine::PipelineParams& params) {
  const auto engine = pipelines::make_engine(params);
  KeepingSink sink;
  const auto output = engine->generate(engine->resolve(small_request(PipelineKind::Distilled)), sink);
  const auto info = nlohmann::json::parse(engine->info_json());
  return {output.video_latent.values, output.audio_latent.values, sink.video,
          info["quantization"]["components"].value("transformer", nlohmann::json::object()), info};
}

double relative_l2(const std::vector<float>& a, const std::vector<float>& wanted) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    difference += (a[i] - wanted[i]) * static_cast<double>(a[i] - wanted[i]);
    norm += static_cast<double>(wanted[i]) * wanted[i];
  }
  return std::sqrt(difference / norm);
}

/// What a policy does to a weight (spec 08 §20) and, with quantized activations, to a layer's output: the
/// relative L2 of one layer.
struct Expected {
  QuantPolicy policy;
  double weight, lowest;  // int8 rows of 256 have a smaller maximum than the table's rows of 4096
  double output;
};

const Expected kExpected[] = {
    {QuantPolicy::Fp8Cast, 0.0270, 0.0260, 0.0270},    {QuantPolicy::Fp8ScaledMm, 0.0265, 0.0255, 0.037},
    {QuantPolicy::Fp8Dynamic, 0.0265, 0.0255, 0.037},  {QuantPolicy::Fp8WeightOnly, 0.0265, 0.0255, 0.0265},
    {QuantPolicy::Fp8Block128, 0.0266, 0.0255, 0.037}, {QuantPolicy::Mxfp8, 0.0267, 0.0255, 0.037},
    {QuantPolicy::Fp6Block128, 0.0290, 0.0275, 0.039}, {QuantPolicy::Nvfp4Cast, 0.0952, 0.0920, 0.134},
    {QuantPolicy::Int8, 0.0087, 0.0050, 0.0087},       {QuantPolicy::Int8Dynamic, 0.0087, 0.0050, 0.0122},
    {QuantPolicy::Int4, 0.1002, 0.0950, 0.1002},       {QuantPolicy::Nf4, 0.0919, 0.0880, 0.0919}};

}  // namespace

TEST_CASE("every policy paints, the same bytes from the same seed, with the errors that its format has") {
  const auto plain = run(wide_params(QuantPolicy::None));
  CHECK(plain.transformer.value("quantized", 0) == 0);
  const auto other_seed = [&] {
    const auto engine = pipelines::make_engine(wide_params(QuantPolicy::None));
    auto request = small_request(PipelineKind::Distilled);
    request.seed = 4;
    KeepingSink sink;
    return engine->generate(engine->resolve(request), sink).video_latent.values;
  }();
  const double another_picture = relative_l2(other_seed, plain.video);
  for (const auto& expected : kExpected) {
    const std::string name(quant::name_of(static_cast<quant::Kind>(expected.policy)));
    CAPTURE(name);
    const auto first = run(wide_params(expected.policy)), second = run(wide_params(expected.policy));
    const int64_t layers = first.transformer.value("quantized", int64_t{0});
    CHECK(layers == (expected.policy == QuantPolicy::Nvfp4Cast ? 2 * 12 : 2 * 28));
    CHECK(first.video == second.video);
    CHECK(first.audio == second.audio);
    CHECK(first.frames == second.frames);
    double worst = 0, mean = 0;
    for (const auto& layer : first.transformer["layers"]) {
      if (!layer.contains("error")) continue;
      const double error = layer["error"]["relative_l2"];
      worst = std::max(worst, error), mean += error / static_cast<double>(layers);
    }
    CHECK(mean < expected.weight * 1.03);
    CHECK(mean > expected.lowest);
    // Errors of layers are independent: along a path they add in quadrature. A latent passes two stages of
    // one step each and the last two; per step and block four layers lie on the longest path of the residual
    // stream.
    const double bound = expected.output * std::sqrt(4.0 * 2 * 2) * 2;
    const double video = relative_l2(first.video, plain.video), audio = relative_l2(first.audio, plain.audio);
    MESSAGE(name << ": weights " << mean << " (worst " << worst << "), latents: video " << video << " audio "
                 << audio << ", another seed " << another_picture);
    CHECK(video > 0);
    CHECK(video < std::min(bound, 0.5 * another_picture));
    CHECK(audio < std::min(bound, 0.5 * another_picture));
  }
}
