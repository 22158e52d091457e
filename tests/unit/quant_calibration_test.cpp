// Calibration files, the recorder, and what a sensitivity run suggests (spec 08 §6.4).
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "expect_error.h"
#include "quant/calibration.h"

namespace ltx::quant {

TEST_CASE("a calibration file: bits survive, errors name the entry") {
  const AmaxTable table = {{"transformer_blocks.0.attn1.to_q", 8.1875f}, {"a", 1e-30f}, {"b", 3.4e38f}};
  CHECK(parse_amax(amax_text(table), "test") == table);
  CHECK(parse_amax(R"({"amax_values": {"x": 2, "y.input_quantizer": 0.5}, "version": 1})", "test") ==
        AmaxTable{{"x", 2.0f}, {"y", 0.5f}});
  for (const std::string value : {"0", "-1.5", "1e39", "1e-60", "null", "\"3\"", "true", "[1]"})
    expect_error(Status::Quant, "'layer.x'", [&] {
      parse_amax(R"({"amax_values": {"layer.x.input_quantizer": )" + value + "}}", "test");
    });
  expect_error(Status::Quant, "two",
               [] { parse_amax(R"({"amax_values": {"x": 1, "x.input_quantizer": 1}})", "test"); });
  for (const std::string text : {"{}", "[]", R"({"amax_values": 3})", R"({"scales": {}})"})
    expect_error(Status::FileFormat, "amax_values", [&] { parse_amax(text, "test"); });
  expect_error(Status::FileFormat, "test", [] { parse_amax("{", "test"); });
  expect_error(Status::FileNotFound, "/no/such/amax.json", [] { Calibration::read("/no/such/amax.json"); });
}

TEST_CASE("a calibration file of another model is refused by the layer's name") {
  const Calibration calibration({{"known", 1.0f}, {"unknown", 2.0f}});
  expect_error(Status::Quant, "'unknown'", [&] { calibration.require_known({"known", "other"}); });
  CHECK_NOTHROW(calibration.require_known({"known", "unknown"}));
  CHECK(calibration.without_entry({"known", "other"}) == std::vector<std::string>{"other"});
  expect_error(Status::Quant, "'tiny'", [] { Calibration(AmaxTable{{"tiny", 1e-45f}}).input_scale("tiny"); });
}

TEST_CASE("sources of an activation scale") {
  const auto stored = at::full({}, 0.25f), one = at::ones({}), none = at::Tensor();
  const Calibration calibration({{"layer", 44.8f}});
  const auto source = [](const ResolvedScale& scale) { return scale.source; };
  CHECK(source(resolve_scale(ActScale::Auto, stored, nullptr, "layer")) == ScaleSource::Static);
  CHECK(source(resolve_scale(ActScale::Auto, one, nullptr, "layer")) == ScaleSource::Dynamic);
  CHECK(source(resolve_scale(ActScale::Auto, none, nullptr, "layer")) == ScaleSource::Dynamic);
  CHECK(source(resolve_scale(ActScale::Dynamic, stored, &calibration, "layer")) == ScaleSource::Dynamic);
  CHECK(source(resolve_scale(ActScale::Auto, stored, &calibration, "other")) == ScaleSource::Dynamic);
  const auto calibrated = resolve_scale(ActScale::Auto, stored, &calibration, "layer");
  CHECK(calibrated.source == ScaleSource::Calibrated);
  CHECK(calibrated.input_scale.item<float>() == 44.8f / 448.0f);
  CHECK(source(resolve_scale(ActScale::Fixed1, stored, nullptr, "layer", true)) == ScaleSource::Fixed1);
  CHECK(source(resolve_scale(ActScale::Auto, none, nullptr, "layer", true, true)) == ScaleSource::Fixed1);
  CHECK(source(resolve_scale(ActScale::Static, one, nullptr, "layer", false, true)) == ScaleSource::Static);
  expect_error(Status::Quant, "'layer'", [&] { resolve_scale(ActScale::Static, one, nullptr, "layer"); });
  expect_error(Status::Quant, "'layer'", [&] { resolve_scale(ActScale::Static, none, nullptr, "layer"); });
  expect_error(Status::Quant, "'other'",
               [&] { resolve_scale(ActScale::Static, stored, &calibration, "other"); });
}

TEST_CASE("the recorder keeps the maximum over calls, dtypes and threads") {
  Recorder recorder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&recorder, t] {
      for (int i = 0; i < 50; ++i)
        recorder.record("shared", at::full({2, 3}, static_cast<float>(-t * 50 - i)));
    });
  for (auto& thread : threads) thread.join();
  recorder.record("bf16", at::tensor({1.0f, -2.5f, 2.0f}).to(at::kBFloat16));
  recorder.record("zeros", at::zeros({4}));
  recorder.record("empty", at::zeros({0}));
  const auto result = recorder.result();
  CHECK(result.amax("shared") == 199.0f);
  CHECK(result.amax("bf16") == 2.5f);
  CHECK_FALSE(result.amax("zeros"));
  CHECK_FALSE(result.amax("empty"));
  const auto path = std::filesystem::path(LTX_BINARY_DIR) / "quant_calibration_test" / "amax.json";
  result.write(path);
  CHECK(Calibration::read(path).entries() == result.entries());
  std::filesystem::remove_all(path.parent_path());
  recorder.record("broken", at::full({1}, NAN));
  recorder.record("broken", at::ones({1}));
  expect_error(Status::Numeric, "'broken'", [&] { recorder.result(); });
}

TEST_CASE("the recorder observes layers only within its scope") {
  Recorder recorder;
  CHECK(linear_observer() == nullptr);
  {
    const ObserveLinears scope(recorder);
    REQUIRE(linear_observer() == &recorder);
    linear_observer()->ran("layer", at::full({1, 2}, 3.0f), at::zeros({1, 1}));
  }
  CHECK(linear_observer() == nullptr);
  CHECK(recorder.result().amax("layer") == 3.0f);
}

TEST_CASE("a sensitivity run suggests the blocks that stand out") {
  Sensitivity run;
  for (int block = 0; block < 10; ++block)
    for (const std::string layer : {"attn1.to_q", "ff.net.2"})
      run.entries.push_back({"transformer_blocks." + std::to_string(block) + "." + layer, block == 9 ? 0.5
                                                                                          : block == 0
                                                                                              ? 0.3
                                                                                              : 0.1});
  run.entries.push_back({"patchify_proj", 9.0});
  CHECK(run.by_block().front().first == 9);
  CHECK(run.by_block().size() == 10);
  CHECK(run.keep_bf16_blocks() == std::vector<int64_t>{0, 9});
  CHECK(run.keep_bf16_blocks(1) == std::vector<int64_t>{9});
  CHECK(Sensitivity().keep_bf16_blocks().empty());
}

}  // namespace ltx::quant
