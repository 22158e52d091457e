// What a conversion of a model's files refuses before it writes, which files it writes, and its progress.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "file_fixture.h"
#include "pipelines/conversion.h"
#include "pipelines_fixture.h"
#include "weights/store.h"

using namespace ltx;
using namespace ltx::test;
namespace fs = std::filesystem;

namespace {

engine::ConvertParams tiny_conversion(const fs::path& output) {
  engine::ConvertParams params;
  params.source.device_type = engine::DeviceType::Cpu;
  params.source.models.checkpoint = tiny("tiny23.safetensors");
  params.source.models.text_encoder = tiny("gemma");
  params.source.quant = engine::QuantPolicy::Int8;
  params.source.text_quant = engine::QuantPolicy::Int8;
  params.output_path = output.string();
  return params;
}

/// The plan, and what the reports counted.
struct Listener : engine::Sink {
  std::vector<engine::PlannedWork> work;
  std::map<int32_t, Progress> last;  // by stage
  void plan(const std::vector<engine::PlannedWork>& planned) override { work = planned; }
  void progress(const Progress& progress) override {
    CHECK(progress.phase == Phase::Convert);
    CHECK(progress.bytes_done >= last[progress.stage].bytes_done);
    last[progress.stage] = progress;
  }
};

size_t files_in(const fs::path& folder) {
  size_t count = 0;
  if (!fs::exists(folder)) return 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) count += entry.is_regular_file();
  return count;
}

}  // namespace

TEST_CASE("conversion: fields that it has no use for are refused by name") {
  const Folder folder;
  using Params = engine::ConvertParams;
  const std::pair<const char*, std::function<void(Params&)>> cases[] = {
      {"models.video_vae", [](Params& p) { p.source.models.video_vae = "x"; }},
      {"models.audio_vae", [](Params& p) { p.source.models.audio_vae = "x"; }},
      {"models.spatial_upsampler", [](Params& p) { p.source.models.spatial_upsampler = "x"; }},
      {"models.prompt_enhancer", [](Params& p) { p.source.models.prompt_enhancer = "x"; }},
      {"loras[1].role",
       [](Params& p) {
         p.source.loras = {{.path = "a"}, {.role = engine::LoraRole::Distilled, .path = "b"}};
       }},
      {"loras[0].stages", [](Params& p) { p.source.loras = {{.path = "a", .stages = 2}}; }},
      {"params.loras has 1", [](Params& p) {
         p.source.models.checkpoint.clear();
         p.source.loras = {{.path = tiny("tiny23-ic-lora.safetensors")}};
       }}};
  for (const auto& [part, change] : cases) {
    auto params = tiny_conversion(folder / "out");
    change(params);
    Listener sink;
    check_error(Status::InvalidArgument, {part}, [&] { pipelines::convert(params, sink); });
    CHECK(files_in(folder / "out") == 0);
  }
}

TEST_CASE("conversion: a model and its text encoder, by stages; nothing is written where a target exists") {
  const Folder folder;
  const auto output = folder / "out";
  Listener sink;
  pipelines::convert(tiny_conversion(output), sink);
  CHECK(fs::exists(output / "tiny23.safetensors"));
  CHECK(fs::exists(output / "text_encoder" / "config.json"));
  CHECK(fs::exists(output / "text_encoder" / "tokenizer.json"));
  CHECK(!fs::exists(output / "text_encoder" / "model.safetensors.index.json"));
  REQUIRE(sink.work.size() == 2);
  for (const auto& work : sink.work) {
    CHECK(work.phase == Phase::Convert);
    CHECK(sink.last.at(work.stage).bytes_done == sink.last.at(work.stage).bytes_total);
    CHECK(work.weight == static_cast<double>(sink.last.at(work.stage).bytes_total));
  }

  // Found before the first file, wherever it lies.
  const auto all = files_in(output);
  for (const char* kept : {"text_encoder/tokenizer.json", "tiny23.safetensors"}) {
    const Folder other;
    fs::create_directories((other / kept).parent_path());
    fs::copy_file(output / kept, other / kept);
    check_error(Status::InvalidArgument, {kept, "exists"},
                [&] { pipelines::convert(tiny_conversion(other.path()), sink); });
    CHECK(files_in(other.path()) == 1);
    auto again = tiny_conversion(other.path());
    again.overwrite = true;
    Listener fresh;
    pipelines::convert(again, fresh);
    CHECK(files_in(other.path()) == all);
  }
}

TEST_CASE("conversion: of what lies beside a text encoder only what belongs to it is copied") {
  const Folder folder;
  fs::copy(tiny("gemma"), folder / "gemma", fs::copy_options::recursive);
  const auto before = files_in(folder / "gemma");
  folder.write("gemma/.cache/download.json", "{}");
  folder.write("gemma/notes.bin", "x");
  folder.write("gemma/added.model", "x");
  auto params = tiny_conversion(folder / "gemma" / "converted");
  params.source.models.checkpoint.clear();
  params.source.models.text_encoder = (folder / "gemma").string();
  params.source.quant = engine::QuantPolicy::Auto;
  Listener sink;
  pipelines::convert(params, sink);
  const auto output = folder / "gemma" / "converted";
  CHECK(fs::exists(output / "added.model"));
  CHECK(fs::exists(output / "tokenizer.json"));
  CHECK(!fs::exists(output / "notes.bin"));
  CHECK(!fs::exists(output / ".cache"));
  CHECK(files_in(output) <= before + 1);

  // The folder inside itself is not copied into itself.
  params.overwrite = true;
  params.source.models.text_encoder = (folder / "gemma").string();
  fs::remove_all(output);
  folder.write("gemma/converted/old.json", "{}");
  Listener fresh;
  pipelines::convert(params, fresh);
  CHECK(!fs::exists(output / "converted"));
}

TEST_CASE("conversion: a model and a packed text encoder of one name do not overwrite each other") {
  const Folder folder;
  fs::create_directories(folder / "text");
  const auto packed = folder / "text" / "tiny23.safetensors";
  const auto bytes = [](const char* text) {
    return at::tensor(std::vector<uint8_t>(text, text + std::strlen(text)), at::kByte);
  };
  weights::save_tensors(
      packed.string(),
      {{"language_model.model.layers.0.mlp.up_proj.weight", at::ones({32, 32}, at::kBFloat16)},
       {"tokenizer_json", bytes("{}")},
       {"hf_asset__tokenizer_config.json", bytes("{}")}},
      {{"gemma_config", R"({"model_type": "gemma3"})"}});
  auto params = tiny_conversion(folder / "out");
  params.source.models.text_encoder = packed.string();
  Listener sink;
  check_error(Status::InvalidArgument, {"tiny23.safetensors", "two files"},
              [&] { pipelines::convert(params, sink); });
  CHECK(files_in(folder / "out") == 0);

  fs::rename(packed, folder / "text" / "gemma.safetensors");
  params.source.models.text_encoder = (folder / "text" / "gemma.safetensors").string();
  pipelines::convert(params, sink);
  CHECK(fs::exists(folder / "out" / "tiny23.safetensors"));
  CHECK(fs::exists(folder / "out" / "gemma.safetensors"));

  // Over what is read, with or without the permission to overwrite.
  params.overwrite = true;
  params.output_path = (folder / "text").string();
  check_error(Status::InvalidArgument, {"gemma.safetensors"}, [&] { pipelines::convert(params, sink); });
}
