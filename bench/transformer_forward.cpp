// The transformer's forward against the plain sum of its matrix products and attention calls at the same
// shapes, alternating in one run. One JSON line per dtype. Usage: transformer_forward [repeats] [threads]
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cstdlib>

#include "bench/timing.h"
#include "kernels/cpu/rows.h"
#include "models/transformer/transformer.h"
#include "tests/unit/transformer_weights.h"

using namespace ltx;
using namespace ltx::transformer;

namespace {

constexpr int64_t kWidth = 512, kHeads = 8, kBlocks = 8, kFrames = 6, kHeight = 16, kColumns = 16;
constexpr int64_t kVideoTokens = kFrames * kHeight * kColumns, kAudioTokens = 126, kTextTokens = 1024;

struct Shapes {
  int64_t tokens, width, in, levels;
};
constexpr Shapes kVideo{kVideoTokens, kWidth, 128, 2}, kAudio{kAudioTokens, kWidth / 2, 128, 1};

/// The products and attentions of a forward, with weights of their own as the forward has them.
class PlainCalls {
 public:
  PlainCalls(at::ScalarType dtype) : options_(at::TensorOptions(dtype)) {
    for (const auto& s : {kVideo, kAudio}) {
      product(s.tokens, s.in, s.width);
      for (const int64_t rows : {9, 4}) timestep(s.levels, s.width, rows);
      for (const int64_t rows : {2, 1}) timestep(1, s.width, rows);
      product(s.tokens, s.width, s.in);
    }
    for (int64_t block = 0; block < kBlocks; ++block) {
      for (const auto& s : {kVideo, kAudio}) {
        attention(s.tokens, s.width, s.tokens, s.width, s.width);
        attention(s.tokens, s.width, kTextTokens, s.width, s.width);
        product(s.tokens, s.width, 4 * s.width);
        product(s.tokens, 4 * s.width, s.width);
      }
      attention(kVideo.tokens, kVideo.width, kAudio.tokens, kAudio.width, kAudio.width);
      attention(kAudio.tokens, kAudio.width, kVideo.tokens, kVideo.width, kAudio.width);
    }
  }

  void run_products() const {
    for (const auto& p : products_) at::linear(p.x, p.weight, p.bias);
  }
  void run_attentions() const {
    for (const auto& a : attentions_) at::scaled_dot_product_attention(a.q, a.k, a.v);
  }

 private:
  struct Product {
    at::Tensor x, weight, bias;
  };
  struct Attention {
    at::Tensor q, k, v;
  };

  at::Tensor input(int64_t rows, int64_t columns) {
    auto& x = inputs_[{rows, columns}];
    if (!x.defined()) x = at::randn({1, rows, columns}, options_);
    return x;
  }
  void product(int64_t rows, int64_t in, int64_t out) {
    products_.push_back({input(rows, in), at::randn({out, in}, options_) * 0.03, at::randn({out}, options_)});
  }
  void timestep(int64_t levels, int64_t width, int64_t rows) {
    product(levels, 256, width);
    product(levels, width, width);
    product(levels, width, rows * width);
  }
  void attention(int64_t tokens, int64_t query, int64_t context_tokens, int64_t context, int64_t inner) {
    product(tokens, query, inner);
    product(context_tokens, context, inner);
    product(context_tokens, context, inner);
    product(tokens, query, kHeads);
    product(tokens, inner, query);
    const auto heads = [&](int64_t rows) {
      return at::randn({1, rows, kHeads, inner / kHeads}, options_).transpose(1, 2);
    };
    attentions_.push_back({heads(tokens), heads(context_tokens), heads(context_tokens)});
  }

  at::TensorOptions options_;
  std::map<std::pair<int64_t, int64_t>, at::Tensor> inputs_;
  std::vector<Product> products_;
  std::vector<Attention> attentions_;
};

Config config() {
  return Config::parse(testing::transformer_section({{"num_layers", kBlocks},
                                                     {"num_attention_heads", kHeads},
                                                     {"attention_head_dim", kWidth / kHeads},
                                                     {"cross_attention_dim", kWidth},
                                                     {"audio_num_attention_heads", kHeads},
                                                     {"audio_attention_head_dim", kWidth / kHeads / 2},
                                                     {"audio_cross_attention_dim", kWidth / 2}}),
                       ModelType::AudioVideo, "synthetic");
}

latents::Modality input(const Shapes& s, int64_t axes, at::ScalarType dtype) {
  latents::Modality m;
  m.latent = at::randn({1, s.tokens, s.in}).to(dtype);
  m.sigma = at::full({1}, 0.7);
  m.timesteps = at::full({1, s.tokens, 1}, 0.7);
  if (s.levels > 1) m.timesteps.narrow(1, 0, kHeight * kColumns).fill_(0);  // a clean first frame
  const auto start = at::rand({1, axes, s.tokens, 1}) * 5;
  m.positions = at::cat({start, start + 0.1}, 3);
  m.context = at::randn({1, kTextTokens, s.width}).to(dtype);
  return m;
}

void compare(at::ScalarType dtype, int repeats) {
  const auto c = config();
  const weights::View view(
      std::make_shared<weights::MemoryStore>(testing::TransformerWeights(c, dtype).tensors));
  const Transformer model(quant::Source(view, at::kCPU, dtype), c);
  const auto video = input(kVideo, 3, dtype), audio = input(kAudio, 1, dtype);
  const auto session = model.open(&video, &audio);
  const PlainCalls plain(dtype);

  std::vector<double> products, attentions;
  const auto result = bench::compare(
      repeats, [&] { session->step(&video, &audio, nullptr, Monitor::silent()); },
      [&] {
        products.push_back(bench::seconds_of([&] { plain.run_products(); }));
        attentions.push_back(bench::seconds_of([&] { plain.run_attentions(); }));
      });
  const bool single = dtype == at::kFloat;
  bench::report(
      single ? "transformer_forward_f32" : "transformer_forward_bf16", result, "its GEMM and attention calls",
      fmt::format(", \"target\": {}, \"gemm_seconds\": {:.6f}, \"attention_seconds\": {:.6f}, \"width\": {}, "
                  "\"blocks\": {}, \"tokens\": [{}, {}, {}], \"threads\": {}, \"rows\": \"{}\"",
                  single ? 1.4 : 2.0, bench::median(products), bench::median(attentions), kWidth, kBlocks,
                  kVideoTokens, kAudioTokens, kTextTokens, at::get_num_threads(), kernels::cpu::rows().name));
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 9, threads = argc > 2 ? std::atoi(argv[2]) : 2;
  at::set_num_threads(threads);
  const at::NoGradGuard no_grad;
  for (const auto dtype : {at::kFloat, at::kBFloat16}) compare(dtype, repeats);
}
