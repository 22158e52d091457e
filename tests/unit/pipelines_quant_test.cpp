// Every policy on a whole pipeline: the configuration of spec 08 §25, whose widths every block size divides.
#include <ATen/CPUGeneratorImpl.h>
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "pipelines/factory.h"
#include "pipelines/quantization.h"
#include "pipelines_fixture.h"
#include "quant/policy.h"
#include "quant/report.h"

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

const QuantPolicy kPolicies[] = {
    QuantPolicy::Fp8Cast,     QuantPolicy::Fp8ScaledMm, QuantPolicy::Fp8Dynamic,  QuantPolicy::Fp8WeightOnly,
    QuantPolicy::Fp8Block128, QuantPolicy::Mxfp8,       QuantPolicy::Fp6Block128, QuantPolicy::Nvfp4Cast,
    QuantPolicy::Int8,        QuantPolicy::Int8Dynamic, QuantPolicy::Int4,        QuantPolicy::Nf4};

/// What the policy's format does to weights like those of the synthetic model, which are uniform around zero
/// (the Gaussian ones of spec 08 §20 are the number formats' own tests), on numbers of its own.
double error_of_format(quant::Kind kind) {
  const quant::Policy policy(quant::Target::Transformer, kind);
  quant::Layer layer;
  layer.name = "transformer_blocks.0.attn1.to_q";
  layer.rows = layer.columns = 1024;
  const auto encoding = policy.decide(layer, {}).encoding;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{5});
  const double width = std::sqrt(3.0 / 256);  // standard deviation 1/16, as of layers with 256 inputs
  const auto weight = at::empty({1024, 1024}).uniform_(-width, width, generator).to(at::kBFloat16);
  return quant::weight_error(weight, formats::encode(weight, encoding)).relative_l2;
}

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
  for (const auto wanted : kPolicies) {
    const auto kind = static_cast<quant::Kind>(wanted);
    const std::string name(quant::name_of(kind));
    CAPTURE(name);
    const auto first = run(wide_params(wanted)), second = run(wide_params(wanted));
    const int64_t layers = first.transformer.value("quantized", int64_t{0});
    CHECK(layers == (wanted == QuantPolicy::Nvfp4Cast ? 2 * 12 : 2 * 28));
    CHECK(first.video == second.video);
    CHECK(first.audio == second.audio);
    CHECK((first.frames == second.frames));
    double worst = 0, mean = 0;
    for (const auto& layer : first.transformer["layers"]) {
      if (!layer.contains("relative_l2")) continue;
      const double error = layer["relative_l2"];
      worst = std::max(worst, error), mean += error / static_cast<double>(layers);
    }
    const double expected = error_of_format(kind);
    CHECK(mean == doctest::Approx(expected).epsilon(0.05));
    // Errors of layers are independent: along a path they add in quadrature. A latent passes two stages, the
    // first of two steps; per step and block four layers lie on the longest path of the residual stream.
    // Activations in the weight's format are as far from theirs again.
    const double bound = std::sqrt(2.0) * expected * std::sqrt(4.0 * 2 * 3) * 2;
    const double video = relative_l2(first.video, plain.video), audio = relative_l2(first.audio, plain.audio);
    MESSAGE(name << ": weights " << mean << " (of the format " << expected << ", worst " << worst
                 << "), latents: video " << video << " audio " << audio << ", another seed "
                 << another_picture);
    CHECK(video > 0);
    CHECK(video < std::min(bound, 0.5 * another_picture));
    CHECK(audio < std::min(bound, 0.5 * another_picture));
  }
}

TEST_CASE("text models and the video VAE have policies of their own") {
  auto params = wide_params(QuantPolicy::None);
  const auto plain = run(params);
  params.text_quant = QuantPolicy::Int8;
  params.vae_quant = QuantPolicy::Int8;
  const auto quantized = run(params);
  const auto& components = quantized.info["quantization"]["components"];
  CHECK(components["text-encoder"]["quantized"].get<int>() > 0);
  CHECK(components["video-decoder"]["quantized"].get<int>() > 0);
  CHECK(relative_l2(quantized.video, plain.video) > 0);
  CHECK(relative_l2(quantized.video, plain.video) < 0.05);
  params.text_quant = QuantPolicy::Fp8Dynamic;
  CHECK_THROWS_WITH_AS(pipelines::make_engine(params), doctest::Contains("fp8-weight-only"), Error);
}

TEST_CASE("a measured maximum is a static scale; the file of another model is refused") {
  const TemporaryFolder folder;
  auto params = wide_params(QuantPolicy::None);
  const auto engine = pipelines::make_engine(params);
  KeepingSink sink;
  engine->calibrate({engine->resolve(small_request(PipelineKind::Distilled))}, folder / "amax.json", sink);
  CHECK(sink.frame_count == 0);
  CHECK((sink.phases == std::vector<Phase>{Phase::Calibrate}));
  params.quant = QuantPolicy::Fp8ScaledMm;
  params.quant_options.calibration_path = folder / "amax.json";
  params.quant_options.arithmetic = 3;  // emulate: what a device with fp8 products computes
  const auto calibrated = run(params);
  int measured = 0;
  for (const auto& layer : calibrated.transformer["layers"])
    measured += layer.value("act_scale", "") == "calibrated";
  CHECK(measured == 2 * 28);
  std::ofstream(folder / "other.json") << R"({"amax_values": {"transformer_blocks.9.attn1.to_q": 1.0}})";
  params.quant_options.calibration_path = folder / "other.json";
  CHECK_THROWS_WITH_AS(pipelines::make_engine(params), doctest::Contains("transformer_blocks.9.attn1.to_q"),
                       Error);
}

TEST_CASE("which formats a device multiplies as they are: the matrix of spec 08 section 19") {
  const auto formats = [](int capability, bool cpu_int8 = false) {
    quant::DeviceAbility device;
    device.cuda = capability > 0;
    device.compute_capability = capability;
    device.cpu_int8 = cpu_int8;
    std::set<int> set;
    const auto bits = pipelines::native_formats(device);
    for (int i = 0; i < 64; ++i)
      if (bits >> i & 1) set.insert(i);
    return set;
  };
  // By the values of ltx_tensor_format: fp8 per tensor 11 and per row 12, mxfp8 14, fp8 and fp6 by blocks 15
  // and 16, nvfp4 20, int8 30.
  CHECK(formats(0) == std::set<int>{});
  CHECK(formats(0, true) == std::set<int>{30});
  CHECK(formats(75) == std::set<int>{30});
  CHECK(formats(86) == std::set<int>{30});
  CHECK(formats(89) == std::set<int>{11, 12, 30});
  CHECK(formats(90) == std::set<int>{11, 12, 15, 16, 30});
  CHECK(formats(100) == std::set<int>{11, 12, 14, 20, 30});
  CHECK(formats(120) == std::set<int>{11, 12, 14, 20, 30});
}
