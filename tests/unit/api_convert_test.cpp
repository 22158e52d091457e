// ltx_convert: what is checked before anything runs, events, the job.
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>

#include "../api/fixture.h"

namespace {

const char* const kOutput = LTX_BINARY_DIR "/api-convert.out";

struct Convert {
  ltx_convert_params params;
  ltx_model_paths models;
  ltx_quant_options options;

  Convert() {
    ltx_convert_params_init(&params);
    ltx_model_paths_init(&models);
    ltx_quant_options_init(&options);
    models.checkpoint = "model.safetensors";
    params.models = &models;
    params.output_path = kOutput;
  }
};

int32_t count_progress(const ltx_event* event, void* user_data) {
  if (event->type == LTX_EVENT_PROGRESS && event->progress->phase == LTX_PHASE_CONVERT)
    ++*static_cast<int*>(user_data);
  return 0;
}

int32_t cancel(const ltx_event*, void*) {
  return 1;
}

}  // namespace

TEST_CASE("convert: defaults, a blocking call with events, a job") {
  Convert c;
  CHECK(c.params.verify == 1);
  CHECK(c.params.overwrite == 0);
  CHECK(c.params.quant == LTX_QUANT_AUTO);
  int events = 0;
  CHECK(ltx_convert(&c.params, count_progress, &events) == LTX_OK);
  CHECK(events > 0);
  std::stringstream text;
  text << std::ifstream(kOutput).rdbuf();
  CHECK(text.str() == "converted model.safetensors");
  CHECK(ltx_convert(&c.params, nullptr, nullptr) == LTX_OK);

  ltx_job* job = nullptr;
  REQUIRE(ltx_convert_start(&c.params, &job) == LTX_OK);
  CHECK(ltx_job_wait(job, 20000) == LTX_OK);
  CHECK(ltx_job_status(job) == LTX_OK);
  ltx_free(job);
  c.params.overwrite = 1;
  CHECK(ltx_convert(&c.params, cancel, nullptr) == LTX_E_CANCELLED);
}

TEST_CASE("convert: every field is checked before anything runs") {
  struct Case {
    const char* what;
    ltx_status status;
    const char* message;
    std::function<void(Convert&)> change;
  };
  const Case cases[] = {
      {"no files", LTX_E_INVALID_ARGUMENT, "params.models", [](Convert& c) { c.params.models = nullptr; }},
      {"no output", LTX_E_INVALID_ARGUMENT, "params.output_path is NULL",
       [](Convert& c) { c.params.output_path = nullptr; }},
      {"empty output", LTX_E_INVALID_ARGUMENT, "params.output_path is an empty text",
       [](Convert& c) { c.params.output_path = ""; }},
      {"policy", LTX_E_INVALID_ARGUMENT, "params.quant is 99", [](Convert& c) { c.params.quant = 99; }},
      {"container", LTX_E_INVALID_ARGUMENT, "params.container is 9",
       [](Convert& c) { c.params.container = 9; }},
      {"flag", LTX_E_INVALID_ARGUMENT, "params.split is 2", [](Convert& c) { c.params.split = 2; }},
      {"log level", LTX_E_INVALID_ARGUMENT, "params.log_level is 77",
       [](Convert& c) { c.params.log_level = 77; }},
      {"calibration twice", LTX_E_INVALID_ARGUMENT, "params.calibration_path is 'b.json'",
       [](Convert& c) {
         c.options.calibration_path = "a.json";
         c.params.quant_options = &c.options;
         c.params.calibration_path = "b.json";
       }},
      {"rules", LTX_E_INVALID_ARGUMENT, "params.quant_rules is NULL",
       [](Convert& c) { c.params.quant_rule_count = 1; }},
      {"size", LTX_E_STRUCT_SIZE, "params", [](Convert& c) { c.params.struct_size = 3; }}};
  for (const auto& item : cases) {
    CAPTURE(item.what);
    Convert c;
    item.change(c);
    CHECK(ltx_convert(&c.params, nullptr, nullptr) == item.status);
    CHECK(std::string(ltx_last_error()).find(item.message) != std::string::npos);
    CAPTURE(ltx_last_error());
    ltx_job* job = nullptr;
    CHECK(ltx_convert_start(&c.params, &job) == item.status);
    CHECK(job == nullptr);
  }
  Convert c;
  CHECK(ltx_convert_start(&c.params, nullptr) == LTX_E_INVALID_ARGUMENT);
}
