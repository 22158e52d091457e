// Handles, structs, enumerations, the guard: what holds before any pipeline runs.
#include <algorithm>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "../api/fixture.h"
#include "api/guard.h"
#include "api/structs.h"

using namespace ltx::toy;

TEST_CASE("every struct is filled with its defaults and its size") {
  for (const auto& info : ltx::api::all_structs()) {
    CAPTURE(info.name);
    std::vector<unsigned char> object(info.size + 16, 0xAB);
    REQUIRE(ltx_init(info.type, object.data(), info.size) == LTX_OK);
    uint32_t size;
    std::memcpy(&size, object.data(), sizeof size);
    CHECK(size == info.size);
    CHECK(std::all_of(object.begin() + static_cast<long>(info.size), object.end(),
                      [](unsigned char c) { return c == 0xAB; }));
    for (const uint32_t offset : info.reserved) {
      int32_t value;
      std::memcpy(&value, object.data() + offset, sizeof value);
      CHECK(value == 0);
    }
  }
  const ltx_request r = request(nullptr);
  CHECK(r.width == LTX_DEFAULT);
  CHECK(r.seed == 10);
  CHECK(r.max_seconds == 20);
  CHECK(r.attention_strength == 1.0f);
}

TEST_CASE("a newer header gets TOO_NEW and its object back untouched") {
  for (const auto& info : ltx::api::all_structs()) {
    CAPTURE(info.name);
    std::vector<unsigned char> object(info.size + 8, 0xAB);
    CHECK(ltx_init(info.type, object.data(), info.size + 8) == LTX_E_TOO_NEW);
    CHECK(says(info.name));
    CHECK(std::all_of(object.begin(), object.end(), [](unsigned char c) { return c == 0xAB; }));
    CHECK(ltx_init(info.type, object.data(), info.size - 4) == LTX_E_STRUCT_SIZE);
    CHECK(says(std::string(info.name) + "_init()"));
    CHECK(ltx_init(info.type, nullptr, info.size) == LTX_E_INVALID_ARGUMENT);
  }
  int32_t dummy[64];
  CHECK(ltx_init(0, dummy, 8) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_init(24, dummy, 8) == LTX_E_INVALID_ARGUMENT);
}

TEST_CASE("structs with a wrong size or reserved members are refused") {
  Params p;
  Owned<ltx_pipeline> pipeline;
  p.params.struct_size = 0;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_STRUCT_SIZE);
  p.params.struct_size = sizeof p.params + 8;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_TOO_NEW);
  p.params.struct_size = sizeof p.params;
  p.params.reserved1 = 1;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("reserved"));
  p.params.reserved1 = 0;
  p.models.reserved0 = 5;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("params.models"));
  CHECK(ltx_pipeline_create(nullptr, pipeline.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_pipeline_create(&p.params, nullptr) == LTX_E_INVALID_ARGUMENT);
  CHECK(static_cast<ltx_pipeline*>(pipeline) == nullptr);
}

TEST_CASE("arrays have the first element's stride") {
  Params p;
  ltx_lora loras[2];
  for (ltx_lora& lora : loras) {
    ltx_lora_init(&lora);
    lora.path = "a.safetensors";
  }
  p.params.loras = loras;
  p.params.lora_count = 2;
  { const Owned<ltx_pipeline> pipeline(p.create()); }
  loras[1].struct_size = 16;
  Owned<ltx_pipeline> pipeline;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_STRUCT_SIZE);
  CHECK(says("params.loras[1]"));
  loras[1].struct_size = sizeof(ltx_lora);
  loras[1].path = nullptr;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("params.loras[1].path"));
  p.params.loras = nullptr;
  CHECK(ltx_pipeline_create(&p.params, pipeline.out()) == LTX_E_INVALID_ARGUMENT);
  CHECK(says("params.loras is NULL"));
}

TEST_CASE("stale, mistyped and random handles give a status and never more") {
  Params p;
  ltx_pipeline* pipeline = p.create();
  ltx_result* result = nullptr;
  const ltx_request r = request();
  REQUIRE(ltx_generate(pipeline, &r, nullptr, nullptr, &result) == LTX_OK);

  ltx_event event;
  ltx_event_init(&event);
  CHECK(ltx_job_next_event(reinterpret_cast<ltx_job*>(pipeline), 0, &event) == LTX_E_INVALID_HANDLE);
  CHECK(says("expected a handle of type ltx_job"));
  CHECK(says("found: ltx_pipeline"));
  CHECK(ltx_generate(reinterpret_cast<ltx_pipeline*>(result), &r, nullptr, nullptr, nullptr) ==
        LTX_E_INVALID_HANDLE);
  CHECK(ltx_generate(nullptr, &r, nullptr, nullptr, nullptr) == LTX_E_INVALID_HANDLE);
  CHECK(says("NULL"));

  ltx_free(pipeline);
  CHECK(ltx_generate(pipeline, &r, nullptr, nullptr, nullptr) == LTX_E_INVALID_HANDLE);
  CHECK(says("freed"));
  ltx_free(pipeline);  // twice, stale, NULL
  ltx_free(nullptr);
  ltx_stats stats;
  ltx_stats_init(&stats);
  CHECK(ltx_result_stats(result, &stats) == LTX_OK);

  Owned<ltx_pipeline> again(p.create());  // the slot is used again, the old token stays dead
  CHECK(static_cast<ltx_pipeline*>(again) != pipeline);
  CHECK(ltx_generate(pipeline, &r, nullptr, nullptr, nullptr) == LTX_E_INVALID_HANDLE);

  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    uint64_t bits = random();
    if (i % 2) bits = (bits & 0x3f00ull) | 1u | (random() & 15u) << 1 | 5u << 5 | (random() % 3) << 32;
    auto* handle = reinterpret_cast<void*>(static_cast<uintptr_t>(bits));
    if (handle == again || handle == result) continue;
    CHECK(ltx_job_cancel(static_cast<ltx_job*>(handle)) == LTX_E_INVALID_HANDLE);
    CHECK(ltx_info_json(static_cast<ltx_info*>(handle)) == nullptr);
    CHECK(std::strlen(ltx_job_error(static_cast<ltx_job*>(handle))) == 0);
    ltx_free(handle);
  }
  CHECK(ltx_result_stats(result, &stats) == LTX_OK);
  ltx_free(result);
}

TEST_CASE("names of statuses and enumerations") {
  CHECK(std::string(ltx_status_name(LTX_OK)) == "LTX_OK");
  CHECK(std::string(ltx_status_name(LTX_E_OUT_OF_DEVICE_MEMORY)) == "LTX_E_OUT_OF_DEVICE_MEMORY");
  CHECK(std::string(ltx_status_name(12345)) == "LTX_E_UNKNOWN");
  CHECK(std::string(ltx_enum_name(LTX_ENUM_QUANT, LTX_QUANT_FP8_SCALED_MM)) == "fp8-scaled-mm");
  CHECK(std::string(ltx_enum_name(LTX_ENUM_FORMAT, LTX_FORMAT_Q4_K)) == "gguf-q4-k");
  CHECK(ltx_enum_name(LTX_ENUM_QUANT, 17) == nullptr);
  CHECK(ltx_enum_name(99, 0) == nullptr);
  int names = 0;
  for (ltx_enum type = LTX_ENUM_STATUS; type <= LTX_ENUM_CAPABILITY; ++type)
    for (int32_t value = 0; value < 200; ++value)
      if (const char* name = ltx_enum_name(type, value)) {
        int32_t parsed = -1;
        CAPTURE(name);
        CHECK(ltx_enum_parse(type, name, &parsed) == LTX_OK);
        CHECK(parsed == value);
        ++names;
      }
  CHECK(names > 180);
  int32_t value = 7;
  CHECK(ltx_enum_parse(LTX_ENUM_NOISE, "hosts", &value) == LTX_E_INVALID_ARGUMENT);
  CHECK(value == 0);
  CHECK(says("device (0), host (1)"));
  CHECK(ltx_enum_parse(LTX_ENUM_NOISE, nullptr, &value) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_enum_parse(0, "host", &value) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_enum_parse(LTX_ENUM_NOISE, "host", nullptr) == LTX_E_INVALID_ARGUMENT);
}

TEST_CASE("the last error belongs to the thread and is cleared by the next call") {
  CHECK(ltx_job_cancel(nullptr) == LTX_E_INVALID_HANDLE);
  CHECK(std::strlen(ltx_last_error()) > 0);
  std::thread([] { CHECK(std::strlen(ltx_last_error()) == 0); }).join();
  int32_t count = 0;
  CHECK(ltx_device_count(&count) == LTX_OK);
  CHECK(count == 1);
  CHECK(std::strlen(ltx_last_error()) == 0);
}

TEST_CASE("a long message is cut between characters") {
  std::string text(4094, 'x');
  text += "\xE2\x82\xAC and more";
  ltx::api::set_last_error(text);
  CHECK(std::string(ltx_last_error()) == std::string(4094, 'x'));
}

TEST_CASE("every status of the recipe and every exception comes through the guard") {
  Params p;
  const Owned<ltx_pipeline> pipeline(p.create());
  for (int32_t status = 1; status < 100; ++status) {
    if (!ltx_enum_name(LTX_ENUM_STATUS, status) || status == LTX_E_CANCELLED || status == LTX_E_DEVICE_LOST)
      continue;
    const std::string prompt = "fail=" + std::to_string(status);
    const ltx_request r = request(prompt.c_str());
    CAPTURE(status);
    CHECK(ltx_generate(pipeline, &r, nullptr, nullptr, nullptr) == status);
    CHECK(says("told to fail with " + std::to_string(status)));
  }
  const struct {
    const char* prompt;
    ltx_status status;
    const char* text;
  } cases[] = {{"throw=bad_alloc", LTX_E_OUT_OF_HOST_MEMORY, "no memory"},
               {"throw=std", LTX_E_INTERNAL, "a standard exception"},
               {"throw=int", LTX_E_INTERNAL, "unknown"},
               {"throw=foreign", LTX_E_OUT_OF_DEVICE_MEMORY, "a foreign exception"}};
  for (const auto& c : cases) {
    const ltx_request r = request(c.prompt);
    CAPTURE(c.prompt);
    CHECK(ltx_generate(pipeline, &r, nullptr, nullptr, nullptr) == c.status);
    CHECK(says(c.text));
    p.models.transformer = c.prompt;
    Owned<ltx_pipeline> failed;
    CHECK(ltx_pipeline_create(&p.params, failed.out()) == c.status);
    CHECK(says(c.text));
  }
  const ltx_request r = request();
  CHECK(ltx_generate(pipeline, &r, nullptr, nullptr, nullptr) == LTX_OK);
}

TEST_CASE("reports, devices, capabilities") {
  CHECK(ltx_version() == 1000);
  CHECK(std::string(ltx_version_string()) == "0.1.0");
  CHECK(std::string(ltx_build_info()).find("\"schema\":1") != std::string::npos);
  Owned<ltx_info> info;
  CHECK(ltx_inspect("/nowhere/at/all", info.out()) == LTX_E_FILE_NOT_FOUND);
  CHECK(ltx_inspect("\xff", info.out()) == LTX_E_INVALID_ARGUMENT);
  REQUIRE(ltx_inspect("/", info.out()) == LTX_OK);
  CHECK(std::string(ltx_info_json(info)).find("\"kind\":\"toy\"") != std::string::npos);
  ltx_device_info device;
  ltx_device_info_init(&device);
  REQUIRE(ltx_device_get(0, &device) == LTX_OK);
  CHECK(std::string(device.name) == "toy processor");
  CHECK(ltx_device_get(1, &device) == LTX_E_INVALID_ARGUMENT);
  CHECK(std::string(device.name).empty());
  CHECK(ltx_supports(LTX_CAPABILITY_PIPELINE, LTX_PIPELINE_DISTILLED, LTX_DEVICE_AUTO, 0) == LTX_OK);
  CHECK(ltx_supports(LTX_CAPABILITY_PIPELINE, LTX_PIPELINE_DFR, LTX_DEVICE_AUTO, 0) == LTX_E_NOT_BUILT);
  CHECK(ltx_supports(LTX_CAPABILITY_QUANT, LTX_QUANT_NF4, LTX_DEVICE_CPU, 0) == LTX_OK);
  CHECK(ltx_supports(LTX_CAPABILITY_QUANT, LTX_QUANT_NONE, LTX_DEVICE_CUDA, 0) == LTX_E_NO_DEVICE);
  CHECK(ltx_supports(LTX_CAPABILITY_QUANT, 77, LTX_DEVICE_CPU, 0) == LTX_E_INVALID_ARGUMENT);
  CHECK(ltx_supports(77, 0, LTX_DEVICE_CPU, 0) == LTX_E_INVALID_ARGUMENT);
}
