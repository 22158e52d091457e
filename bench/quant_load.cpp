// Quantizing at load: every layer of a 256 MiB bf16 file read and encoded, against the slower of its two
// halves, reading the file and encoding as many weights from memory, each on one thread. A ratio of 1.25 is
// 80 % of that half's speed.
#include <ATen/Parallel.h>

#include <filesystem>
#include <vector>

#include "bench/timing.h"
#include "quant/context.h"
#include "quant/load_linear.h"
#include "weights/store.h"

namespace {

using namespace ltx;

constexpr int64_t kLayers = 16, kRows = 2048, kColumns = 4096;  // 16 MiB each

std::string layer(int64_t i) {
  return "transformer_blocks." + std::to_string(i) + ".attn1.to_q";
}

std::string write_file() {
  const auto path = (std::filesystem::temp_directory_path() / "ltx-bench-quant-load.safetensors").string();
  std::map<std::string, at::Tensor> tensors;
  for (int64_t i = 0; i < kLayers; ++i)
    tensors[layer(i) + ".weight"] = at::randn({kRows, kColumns}).mul_(0.02).to(at::kBFloat16);
  weights::save_tensors(path, tensors);
  return path;
}

/// Copies, as a load without a policy does.
void read(const std::string& path) {
  const weights::FileStore store(std::vector<std::string>{path});
  for (const auto& name : store.names()) {
    const auto copy = store.read(name).clone();
    store.release(name);
  }
}

void load(const std::string& path, quant::Kind kind) {
  const auto store = std::make_shared<weights::FileStore>(std::vector<std::string>{path});
  quant::Context wanted;
  wanted.policy = quant::Policy(quant::Target::Transformer, kind);
  const auto context = quant::make_context(wanted, *store);
  const quant::Source source(weights::View(store), at::kCPU, at::kBFloat16, context);
  for (int64_t i = 0; i < kLayers; ++i) quant::load_linear(source / layer(i), kColumns, kRows, false);
}

void encode(const at::Tensor& weight, quant::Kind kind) {
  quant::Layer described;
  described.name = layer(0);
  described.rows = kRows;
  described.columns = kColumns;
  const auto encoding = quant::Policy(quant::Target::Transformer, kind).decide(described, {}).encoding;
  for (int64_t i = 0; i < kLayers; ++i) formats::encode(weight, encoding);
}

}  // namespace

int main() {
  at::set_num_threads(1);
  const auto path = write_file();
  const auto weight = at::randn({kRows, kColumns}).mul_(0.02).to(at::kBFloat16);
  for (const auto kind : {quant::Kind::Fp8Cast, quant::Kind::Fp8WeightOnly, quant::Kind::Int8,
                          quant::Kind::Int4, quant::Kind::Nf4, quant::Kind::Mxfp8}) {
    constexpr int kRounds = 5;
    std::vector<double> reads, encodes, loads, ratios;
    for (int round = -1; round < kRounds; ++round) {  // the first is a warm-up
      const double r = bench::seconds_of([&] { read(path); });
      const double e = bench::seconds_of([&] { encode(weight, kind); });
      const double l = bench::seconds_of([&] { load(path, kind); });
      if (round < 0) continue;
      reads.push_back(r);
      encodes.push_back(e);
      loads.push_back(l);
      ratios.push_back(l / std::max(r, e));
    }
    bench::Comparison result;
    result.subject = bench::median(loads);
    result.reference = std::max(bench::median(reads), bench::median(encodes));
    result.ratio = bench::median(ratios);
    char extra[160];
    std::snprintf(extra, sizeof extra,
                  ", \"read_seconds\": %.6f, \"encode_seconds\": %.6f, \"speed_of_slower_half\": %.3f",
                  bench::median(reads), bench::median(encodes), 1 / result.ratio);
    bench::report("load and quantize " + std::string(quant::name_of(kind)), result,
                  "the slower of reading and encoding", extra);
  }
  std::filesystem::remove(path);
}
