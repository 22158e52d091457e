// The calls of binding_calls.c through ltx.hpp. Prints the median of seconds per generation. Run by
// ffi_calls.py.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ltx.hpp"

namespace {

void generate(ltx::pipeline& pipeline, uint64_t seed) {
  auto request = ltx::make<ltx_request>();
  request.prompt = "logs=0 steps=1 chunks=1";
  request.seed = seed;
  ltx::job job = pipeline.start(request);
  for (std::optional<ltx_event> event; !event || event->type != LTX_EVENT_FINISHED;)
    event = job.next_event(std::chrono::milliseconds(100));
  const ltx::result clip = job.result();
  if (!clip.video().data) std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  using clock = std::chrono::steady_clock;
  const int count = argc == 2 ? std::atoi(argv[1]) : 0;
  if (count < 1) return 2;
  auto models = ltx::make<ltx_model_paths>();
  models.root = "toy";
  auto params = ltx::make<ltx_pipeline_params>();
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  ltx::pipeline pipeline(params);
  std::vector<double> seconds;
  for (int i = 0; i < count; ++i) {
    const auto start = clock::now();
    generate(pipeline, static_cast<uint64_t>(i));
    seconds.push_back(std::chrono::duration<double>(clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + count / 2, seconds.end());
  std::printf("%.9f\n", seconds[static_cast<size_t>(count) / 2]);
}
