// The folder of encoded weights: the same bytes without it, when it is filled and when it is read.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.h"
#include "pipelines/factory.h"
#include "pipelines_fixture.h"
#include "quant_pipeline_fixture.h"
#include "weights/store.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;
using engine::QuantPolicy;
namespace fs = std::filesystem;

namespace {

size_t entries(const fs::path& folder) {
  size_t count = 0;
  std::error_code none;
  for (const auto& file : fs::directory_iterator(folder, none))
    count += file.path().extension() == ".safetensors";
  return count;
}

/// What the folder holds, with the times of writing: an entry that is built again differs.
std::map<std::string, fs::file_time_type> times(const fs::path& folder) {
  std::map<std::string, fs::file_time_type> all;
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".safetensors") all[file.path().filename()] = file.last_write_time();
  return all;
}

fs::path only_entry(const fs::path& folder) {
  REQUIRE(entries(folder) == 1);
  return folder / times(folder).begin()->first;
}

/// In any order; stored NVFP4 goes by the name of the files that have it.
std::multiset<std::string> said(const std::vector<std::string>& logs) {
  std::multiset<std::string> all;
  for (auto line : logs) {
    constexpr std::string_view name = "nvfp4-prequant";
    if (const auto at = line.find(name); at != std::string::npos) line.replace(at, name.size(), "nvfp4-cast");
    all.insert(line);
  }
  return all;
}

bool says(const std::vector<std::string>& logs, std::string_view text) {
  return std::any_of(logs.begin(), logs.end(),
                     [&](const auto& line) { return line.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("weight cache: the same bytes without, cold and warm, and nothing is encoded twice") {
  const TemporaryFolder folder;
  write_lora(folder / "lora.safetensors", 0.02);
  struct Case {
    const char* name;
    size_t entries;
    std::function<void(engine::PipelineParams&)> change;
  };
  const Case cases[] = {
      {"int8", 1, [](auto& p) { p.quant = QuantPolicy::Int8; }},
      {"fp8-cast in fp32", 1,
       [](auto& p) {
         p.quant = QuantPolicy::Fp8Cast;
         p.compute_dtype = engine::ComputeDtype::F32;
       }},
      {"rules and kept blocks", 1,
       [](auto& p) {
         p.quant = QuantPolicy::Int4;
         p.quant_options.keep_bf16_blocks = std::vector<int32_t>{-1};
         p.quant_rules = {{30, "transformer:transformer_blocks.0.ff.*"}, {1, "*.to_k"}};
       }},
      {"nvfp4, one file of text", 2,
       [](auto& p) {
         p.quant = QuantPolicy::Nvfp4Cast;
         p.text_quant = QuantPolicy::Int4;
       }},
      {"LoRA before", 1,
       [&](auto& p) {
         p.quant = QuantPolicy::Fp8WeightOnly;
         p.loras = {{.path = folder / "lora.safetensors", .strength = 0.7f}};
       }},
      {"LoRA after, in fp32", 1,
       [&](auto& p) {
         p.quant = QuantPolicy::Mxfp8;
         p.compute_dtype = engine::ComputeDtype::F32;
         p.quant_options.lora_order = 2;
         p.loras = {{.path = folder / "lora.safetensors"}};
       }},
      {"LoRA at run time", 1,
       [&](auto& p) {
         p.quant = QuantPolicy::Nf4;
         p.quant_options.lora_order = 3;
         p.loras = {{.path = folder / "lora.safetensors"}};
       }},
      {"nothing to encode", 0, [&](auto& p) { p.loras = {{.path = folder / "lora.safetensors"}}; }},
      {"errors to be measured", 0,
       [](auto& p) {
         p.quant = QuantPolicy::Int8;
         p.measure_quantization = true;
       }},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    auto params = wide_model(QuantPolicy::None);
    c.change(params);
    const auto without = run_wide(params);
    const fs::path cache = folder / c.name;
    params.weight_cache = cache;
    const auto cold = run_wide(params);
    CHECK(entries(cache) == c.entries);
    const auto written = times(cache);
    const auto warm = run_wide(params);
    CHECK((times(cache) == written));
    for (const auto* other : {&cold, &warm}) {
      CHECK(other->video == without.video);
      CHECK(other->audio == without.audio);
      CHECK(said(other->logs) == said(without.logs));
    }
  }
}

TEST_CASE("weight cache: another strength, policy or source is another entry") {
  const TemporaryFolder folder;
  write_lora(folder / "lora.safetensors", 0.02);
  const fs::path cache = folder / "cache";
  auto params = wide_model(QuantPolicy::Int8);
  params.weight_cache = cache;
  const auto plain = run_wide(params);
  params.loras = {{.path = folder / "lora.safetensors", .strength = 1.0f}};
  const auto full = run_wide(params);
  params.loras[0].strength = 0.5f;
  const auto half = run_wide(params);
  CHECK(entries(cache) == 3);
  CHECK(plain.video != full.video);
  CHECK(half.video != full.video);
  write_lora(folder / "lora.safetensors", 0.03);  // other numbers under the old name
  const auto other = run_wide(params);
  CHECK(entries(cache) == 4);
  CHECK(other.video != half.video);
}

TEST_CASE("weight cache: a change of LoRAs that leaves few layers reads encoded ones, with the same bits") {
  const TemporaryFolder folder;
  auto params = wide_model(QuantPolicy::Int8);
  const auto file = params.models.root + "/ltx-2.3-mini.safetensors";
  const std::string model = "model.diffusion_model.", blocks = model + "transformer_blocks.";
  std::map<std::string, at::Tensor> factors;  // for every layer of the blocks
  const weights::FileStore store({file});
  for (const auto& name : store.names()) {
    const auto& shape = store.find(name)->shape;
    if (!name.starts_with(blocks) || !name.ends_with(".weight") || shape.size() != 2) continue;
    const auto layer = "diffusion_model." + name.substr(model.size(), name.size() - model.size() - 6);
    factors[layer + "lora_A.weight"] = at::full({1, shape[1]}, 0.02);
    factors[layer + "lora_B.weight"] = at::full({shape[0], 1}, 0.02);
  }
  REQUIRE(!factors.empty());
  weights::save_tensors(folder / "lora.safetensors", factors);
  params.loras = {{.path = folder / "lora.safetensors", .stages = 1}};  // and none in stage 2
  params.memory_mode = engine::MemoryMode::Persistent;
  const auto two_clips = [&] {
    const auto engine = pipelines::make_engine(params);
    LoggingSink sink;
    std::vector<std::vector<float>> videos;
    for (int i = 0; i < 2; ++i)
      videos.push_back(
          engine->generate(engine->resolve(small_request(params.kind)), sink).video_latent.values);
    return videos;
  };
  const auto without = two_clips();
  params.weight_cache = folder / "cache";
  CHECK(two_clips() == without);
  CHECK(entries(params.weight_cache) == 2);  // with the LoRA and without
  const auto written = times(params.weight_cache);
  CHECK(two_clips() == without);
  CHECK((times(params.weight_cache) == written));
}

TEST_CASE("weight cache: a damaged entry is built again with a warning") {
  const TemporaryFolder folder;
  const fs::path cache = folder / "cache";
  auto params = wide_model(QuantPolicy::Int8);
  params.weight_cache = cache;
  const auto good = run_wide(params);
  const auto entry = only_entry(cache);
  {
    std::fstream file(entry, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-5000, std::ios::end);
    file.write("damaged", 7);
  }
  const auto repaired = run_wide(params);
  CHECK(repaired.video == good.video);
  CHECK(says(repaired.logs, "is damaged and is built again"));
  CHECK(run_wide(params).logs == good.logs);
}

TEST_CASE("weight cache: a full disk costs the cache and not the clip") {
  const TemporaryFolder folder;
  auto params = wide_model(QuantPolicy::Int8);
  const auto without = run_wide(params);
  params.weight_cache = folder / "cache";
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{100'000, before.rlim_max};  // bytes a file may have
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto full = run_wide(params);
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(full.video == without.video);
  CHECK(says(full.logs, "are not kept in params.weight_cache"));
  CHECK(entries(params.weight_cache) == 0);
  CHECK(run_wide(params).video == without.video);
  CHECK(entries(params.weight_cache) == 1);

  std::ofstream(folder / "file") << "x";
  params.weight_cache = folder / "file";
  try {
    pipelines::make_engine(params);
    FAIL("a file is no folder");
  } catch (const Error& error) {
    CHECK(error.status() == Status::FileAccess);
    CHECK(std::string(error.what()).find("cache folder") != std::string::npos);
  }
}

TEST_CASE("weight cache: two pipelines at once fill one entry; loads count from nothing to all") {
  const TemporaryFolder folder;
  auto params = wide_model(QuantPolicy::Int8);
  const auto without = run_wide(params);
  params.weight_cache = folder / "cache";
  std::vector<float> videos[2];
  std::vector<std::thread> threads;
  for (auto& video : videos) threads.emplace_back([&] { video = run_wide(params).video; });
  for (auto& thread : threads) thread.join();
  CHECK(entries(params.weight_cache) == 1);
  for (const auto& video : videos) CHECK(video == without.video);

  for (const char* name : {"cache", "another"}) {  // warm, cold
    params.weight_cache = folder / name;
    const auto engine = pipelines::make_engine(params);
    KeepingSink sink;
    engine->preload(engine::Component::Transformer, sink);
    double last = 0;
    for (const auto& report : sink.reports) {
      CHECK(report.phase == Phase::Load);
      if (report.bytes_total == 0) continue;
      const double now = static_cast<double>(report.bytes_done) / static_cast<double>(report.bytes_total);
      CHECK(now >= last);
      CHECK(now <= 1);
      last = now;
    }
    CHECK(last == 1);
  }
}

TEST_CASE("a change of LoRAs reads the layers that it touches, and paints what a fresh load paints") {
  const TemporaryFolder folder;
  write_lora(folder / "lora.safetensors", 0.02);
  const auto read = [](const std::vector<Progress>& reports) {
    uint64_t bytes = 0;  // of the loads, by their last reports
    for (size_t i = 0; i < reports.size(); ++i) {
      const bool last = i + 1 == reports.size() || reports[i + 1].phase != Phase::Load ||
                        reports[i + 1].bytes_done < reports[i].bytes_done;
      if (reports[i].phase == Phase::Load && last) bytes += reports[i].bytes_done;
    }
    return bytes;
  };
  for (const auto policy : {QuantPolicy::None, QuantPolicy::Int8, QuantPolicy::Int8Dynamic}) {
    auto params = wide_model(policy);
    params.loras = {{.path = folder / "lora.safetensors", .stages = 1}};  // and none in stage 2
    params.memory_mode = engine::MemoryMode::Cold;                        // every stage loads all
    const auto fresh = pipelines::make_engine(params);
    params.memory_mode = engine::MemoryMode::Auto;  // all stays, one set of LoRAs at a time
    const auto kept = pipelines::make_engine(params);
    LoggingSink fresh_sink, first, second;
    const auto request = small_request(params.kind);
    const auto wanted = fresh->generate(fresh->resolve(request), fresh_sink);
    for (auto* sink : {&first, &second}) {
      const auto output = kept->generate(kept->resolve(request), *sink);
      CHECK(output.video_latent.values == wanted.video_latent.values);
      CHECK(output.audio_latent.values == wanted.audio_latent.values);
    }
    const auto file = fs::file_size(fs::path(params.models.root) / "ltx-2.3-mini.safetensors");
    CAPTURE(file);
    CHECK(read(fresh_sink.reports) > read(first.reports) + file / 4);
    // The second clip: four layers [256, 256] with their biases to stage 1 and back to stage 2, and what is
    // no linear layer.
    CHECK(read(second.reports) > 2 * 4 * 256 * 256 * 2);
    CHECK(read(second.reports) < file / 8);
    const auto report = [](engine::Engine& engine) {
      return nlohmann::json::parse(engine.info_json())["quantization"]["components"];
    };
    CHECK(report(*kept) == report(*fresh));
  }
}
