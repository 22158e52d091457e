#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "convert_fixture.h"
#include "file_fixture.h"
#include "quant/cache.h"

using namespace ltx;
using namespace ltx::quant;
using namespace ltx::test;
namespace fs = std::filesystem;

namespace {

ConvertOptions int8() {
  ConvertOptions options;
  options.transformer = Policy(Target::Transformer, Kind::Int8);
  options.only = weights::Component::Transformer;
  return options;
}

fs::path write_model(const Folder& folder, const char* name = "model.safetensors", double change = 0) {
  auto tensors = transformer_tensors("model.diffusion_model.");
  if (change != 0) tensors.at("model.diffusion_model.transformer_blocks.0.attn1.to_q.weight").fill_(change);
  const auto path = folder / name;
  weights::save_tensors(path.string(), tensors, model_metadata());
  return path;
}

size_t entries(const fs::path& folder) {
  size_t count = 0;
  for (const auto& file : fs::directory_iterator(folder)) count += file.path().extension() == ".safetensors";
  return count;
}

void spoil(const fs::path& path, int64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at, at < 0 ? std::ios::end : std::ios::beg);
  const auto place = file.tellg();
  const char byte = static_cast<char>(file.get() ^ 0x40);
  file.seekp(place);
  file.put(byte);
}

}  // namespace

TEST_CASE("cache: an entry is built once, found by contents, policy and options") {
  const Folder folder;
  const auto model = write_model(folder);
  ConversionCache cache(folder / "cache");
  const auto first = cache.open({model}, int8());
  CHECK(first.built);
  CHECK(entries(cache.folder()) == 1);
  const auto again = cache.open({model}, int8());
  CHECK(!again.built);
  CHECK(again.path == first.path);

  // The same bytes under another name are the same model; other bytes under the same name are not.
  CHECK(!cache.open({write_model(folder, "copy.safetensors")}, int8()).built);
  CHECK(cache.open({write_model(folder, "copy.safetensors", 0.5)}, int8()).built);

  auto other = int8();
  other.transformer = Policy(Target::Transformer, Kind::Int4);
  CHECK(cache.open({model}, other).built);
  Options group;
  group.group_size = 32;
  other.transformer = Policy(Target::Transformer, Kind::Int4, group);
  CHECK(cache.open({model}, other).built);
  other.transformer = Policy(Target::Transformer, Kind::Int4, group, {rule_named("*.ff.*=int8")});
  CHECK(cache.open({model}, other).built);
  CHECK(entries(cache.folder()) == 5);

  const auto direct = folder / "direct.safetensors";
  convert({model}, direct, int8());
  const io::TensorFile a(first.path), b(direct);
  REQUIRE(a.bytes().size() == b.bytes().size());
  CHECK(std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin()));
}

TEST_CASE("cache: who multiplies tells entries with LoRAs apart, and those alone") {
  const Folder folder;
  const auto model = write_model(folder);
  const auto path = folder / "lora.safetensors";
  const std::string layer = "diffusion_model.transformer_blocks.0.attn1.to_q.lora_";
  weights::save_tensors(path, {{layer + "A.weight", random_tensor({4, 256}, 0.05, 5)},
                               {layer + "B.weight", random_tensor({256, 4}, 0.05, 6)}});
  const ConversionCache cache(folder / "cache");
  const auto key_on = [&](at::Device device, bool lora) {
    auto options = int8();
    options.device = device;
    if (lora) options.loras = {{std::make_shared<const weights::LoraFile>(path), 1.0}};
    return cache.key({model}, options);
  };
  CHECK(key_on(at::kCPU, false) == key_on(at::kMeta, false));
  CHECK(key_on(at::kCPU, true) == key_on(at::kCPU, true));
  CHECK(key_on(at::kCPU, true) != key_on(at::kMeta, true));
}

TEST_CASE("cache: damaged, cut and unfinished entries are built again") {
  const Folder folder;
  const auto model = write_model(folder);
  ConversionCache cache(folder / "cache");
  const auto entry = cache.open({model}, int8());
  const auto whole = fs::file_size(entry.path);
  fs::path note = entry.path;
  note.replace_extension(".json");

  const std::pair<const char*, std::function<void()>> damages[] = {
      {"a byte of the weights", [&] { spoil(entry.path, -100); }},
      {"a byte of the header", [&] { spoil(entry.path, 30); }},
      {"cut", [&] { fs::resize_file(entry.path, whole - 64); }},
      {"gone", [&] { fs::remove(entry.path); }},
      {"no note", [&] { fs::remove(note); }},
      {"a note that is no JSON", [&] { std::ofstream(note) << "{"; }},
      {"a note of something else", [&] { std::ofstream(note) << R"({"bytes": 3, "digest": "x"})"; }}};
  for (const auto& [label, damage] : damages) {
    const std::string in_label = label;
    CAPTURE(in_label);
    damage();
    const auto rebuilt = cache.open({model}, int8());
    CHECK(rebuilt.built);
    CHECK(rebuilt.path == entry.path);
    CHECK(fs::file_size(entry.path) == whole);
    CHECK(!cache.open({model}, int8()).built);
  }
}

TEST_CASE("cache: digests of sources are remembered beside path, size and time, and renewed with them") {
  const Folder folder;
  const auto model = write_model(folder);
  ConversionCache cache(folder / "cache");
  const auto first = cache.key({model}, int8());
  CHECK(cache.key({model}, int8()) == first);
  spoil(model, -10);
  CHECK(cache.key({model}, int8()) != first);
  spoil(model, -10);
  CHECK(cache.key({model}, int8()) == first);
  for (const auto& file : fs::directory_iterator(cache.folder() / "digests"))
    std::ofstream(file.path()) << "not a note";
  CHECK(cache.key({model}, int8()) == first);
  check_error(Status::FileNotFound, {"absent.safetensors"},
              [&] { cache.key({folder / "absent.safetensors"}, int8()); });
}

TEST_CASE("cache: a failed or cancelled conversion leaves no entry") {
  struct Stopped : Monitor {
    bool cancelled() const override { return true; }
  } stopped;
  const Folder folder;
  const auto model = write_model(folder);
  ConversionCache cache(folder / "cache");
  cache.key({model}, int8());
  check_error(Status::Cancelled, {}, [&] { cache.open({model}, int8(), stopped); });
  CHECK(entries(cache.folder()) == 0);
  const auto bad = write_model(folder, "bad.safetensors", std::numeric_limits<double>::infinity());
  check_error(Status::Numeric, {"Inf"}, [&] { cache.open({bad}, int8()); });
  CHECK(entries(cache.folder()) == 0);
  CHECK(cache.open({model}, int8()).built);
  std::ofstream(folder / "file") << "x";
  check_error(Status::FileAccess, {"cannot be created"}, [&] { ConversionCache(folder / "file"); });
}

TEST_CASE("cache: what a killed process left of an entry goes when the entry is built, other files stay") {
  const Folder folder;
  const auto model = write_model(folder);
  ConversionCache cache(folder / "cache");
  const auto place = cache.folder() / (cache.key({model}, int8()) + ".building");
  const auto other = cache.folder() / "0123.building", foreign = cache.folder() / ".ltx-1-2-3.tmp";
  for (const auto& left : {place, other}) {
    fs::create_directories(left);
    std::ofstream(left / ".ltx-1-2-3.tmp") << "half a model";
  }
  std::ofstream(foreign) << "somebody's";
  CHECK(cache.open({model}, int8()).built);
  CHECK(!fs::exists(place));
  CHECK(fs::exists(other / ".ltx-1-2-3.tmp"));
  CHECK(fs::exists(foreign));
}

TEST_CASE("cache: of several threads that want an entry one builds it, the others wait") {
  const Folder folder;
  const auto model = write_model(folder);
  std::atomic<int> built{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] { built += ConversionCache(folder / "cache").open({model}, int8()).built; });
  for (auto& thread : threads) thread.join();
  CHECK(built == 1);
}

TEST_CASE("cache: so with two processes") {
  const Folder folder;
  const auto model = write_model(folder);
  const auto cache = folder / "cache";
  // A fresh process each: this one has threads, which fork() does not copy.
  const auto child = [&] {
    const pid_t id = ::fork();
    if (id == 0) {
      ::execl("/proc/self/exe", "convert", "-tc=cache: the work of a process", "-nc", "-m", nullptr);
      ::_exit(99);
    }
    return id;
  };
  ::setenv("LTX_TEST_CACHE_MODEL", model.c_str(), 1);
  ::setenv("LTX_TEST_CACHE_FOLDER", cache.c_str(), 1);
  const pid_t ids[] = {child(), child()};
  for (const auto id : ids) {
    int status = 0;
    REQUIRE(::waitpid(id, &status, 0) == id);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  ::unsetenv("LTX_TEST_CACHE_MODEL");
  CHECK(entries(cache) == 1);
  size_t builders = 0;
  for (const auto& file : fs::directory_iterator(folder.path()))
    builders += file.path().filename().string().starts_with("built-");
  CHECK(builders == 1);
}

TEST_CASE("cache: the work of a process") {
  const char* model = std::getenv("LTX_TEST_CACHE_MODEL");
  if (!model) return;
  const fs::path folder = std::getenv("LTX_TEST_CACHE_FOLDER");
  const auto entry = ConversionCache(folder).open({model}, int8());
  if (entry.built) std::ofstream(folder.parent_path() / ("built-" + std::to_string(::getpid()))) << "x";
  CHECK(fs::exists(entry.path));
}
