// Loading never holds more than two full-precision tensors beside its result (spec 08 §3.2): measured with an
// allocator that counts.
#include <c10/core/CPUAllocator.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "quant/context.h"
#include "quant/load_linear.h"

namespace ltx::quant {
namespace {

constexpr int64_t kRows = 768, kColumns = 1024, kLayers = 6;
constexpr int64_t kTensor = 2 * kRows * kColumns;  // bytes in bf16

/// Counts what the process's allocator of CPU tensors hands out while it exists.
class Counting final : public c10::Allocator {
 public:
  Counting() : inner_(c10::GetCPUAllocator()) {
    now() = peak() = 0;
    c10::SetCPUAllocator(this, 1);
  }
  ~Counting() override { c10::SetCPUAllocator(inner_, 1); }

  static std::atomic<int64_t>& now() {
    static std::atomic<int64_t> bytes;
    return bytes;
  }
  static std::atomic<int64_t>& peak() {
    static std::atomic<int64_t> bytes;
    return bytes;
  }

  c10::DataPtr allocate(size_t size) override {
    auto data = std::make_unique<Block>(inner_->allocate(size), static_cast<int64_t>(size));
    const int64_t bytes = now() += data->bytes;
    int64_t seen = peak();
    while (bytes > seen && !peak().compare_exchange_weak(seen, bytes)) {
    }
    void* const memory = data->data.get();
    return {memory, data.release(), &drop, at::kCPU};
  }
  void copy_data(void* to, const void* from, size_t size) const override {
    inner_->copy_data(to, from, size);
  }

 private:
  struct Block {
    Block(c10::DataPtr pointer, int64_t size) : data(std::move(pointer)), bytes(size) {}
    c10::DataPtr data;
    int64_t bytes;
  };
  static void drop(void* block) {
    now() -= static_cast<Block*>(block)->bytes;
    delete static_cast<Block*>(block);
  }

  c10::Allocator* inner_;
};

struct File {
  File() {
    std::map<std::string, at::Tensor> tensors;
    for (int64_t i = 0; i < kLayers; ++i)
      tensors[fmt::format("transformer_blocks.{}.attn1.to_q.weight", i)] =
          (at::randn({kRows, kColumns}) * 0.02).to(at::kBFloat16);
    weights::save_tensors(path, tensors);
  }
  ~File() { std::filesystem::remove(path); }
  std::string path = std::string(LTX_BINARY_DIR) + "/quant_memory_test.safetensors";
};

/// Peak of what loading all layers allocates beyond what it returns.
int64_t extra_bytes(const std::shared_ptr<const weights::Store>& store, Kind kind) {
  Context wanted;
  Options options;
  options.layer_set = LayerSet::S28;
  wanted.policy = Policy(Target::Transformer, kind, options);
  const auto context = make_context(wanted, *store);
  const Source source(weights::View(store), at::kCPU, at::kBFloat16, context);
  const auto load = [&] {
    std::vector<LinearParts> layers;
    for (int64_t i = 0; i < kLayers; ++i)
      layers.push_back(
          load_linear(source / "transformer_blocks" / i / "attn1" / "to_q", kColumns, kRows, false));
    return layers;
  };
  load();  // tables that are built once
  const Counting counting;
  const auto layers = load();
  int64_t held = 0;
  for (const auto& layer : layers) held += static_cast<int64_t>(layer.weight.bytes());
  return Counting::peak() - held;
}

}  // namespace

TEST_CASE("peak memory of loading: the result and at most two full-precision tensors") {
  const File file;
  const auto store = std::make_shared<const weights::FileStore>(std::vector<std::string>{file.path});
  for (const auto kind : all_kinds()) {
    if (kind == Kind::Nvfp4Prequant || kind == Kind::Gguf) continue;  // read, never made
    CAPTURE(name_of(kind));
    const auto extra = extra_bytes(store, kind);
    CAPTURE(extra);
    CHECK(extra >= 0);  // what is held was counted
    CHECK(extra <= 2 * kTensor);
  }
}

}  // namespace ltx::quant
