// A clip of the default model through the public API: a pipeline that keeps its networks against one that
// reads each for its phase, in turn, and where the time of the last call went.
#include "bench/timing.h"
#include "ltx.hpp"

namespace {

ltx::pipeline open(int32_t memory_mode) {
  auto models = ltx::make<ltx_model_paths>();
  models.root = LTX_DEFAULT_MODEL;
  auto params = ltx::make<ltx_pipeline_params>();
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  params.memory_mode = memory_mode;
  params.prompt_cache_entries = 0;  // every call encodes its prompt
  return ltx::pipeline(params);
}

}  // namespace

int main() try {
  auto persistent = open(LTX_MEMORY_PERSISTENT), cold = open(LTX_MEMORY_COLD);
  auto request = ltx::make<ltx_request>();
  request.prompt = "A red fox runs through a snowy forest at dawn; soft wind, crunching snow.";
  request.width = 256;
  request.height = 256;
  request.num_frames = 25;
  ltx_stats stats = ltx::make<ltx_stats>();
  const auto result = ltx::bench::compare(
      3, [&] { stats = persistent.generate(request).stats(); }, [&] { cold.generate(request); });
  char extra[256];
  std::snprintf(
      extra, sizeof extra,
      ", \"text\": %.3f, \"stage_1\": %.3f, \"upsample\": %.3f, \"stage_2\": %.3f, \"decode\": %.3f",
      stats.text_seconds, stats.stage_1_seconds, stats.upsample_seconds, stats.stage_2_seconds,
      stats.decode_seconds);
  ltx::bench::report("end-to-end-default-model", result, "memory mode cold", extra);
  return 0;
} catch (const ltx::error& error) {
  std::fprintf(stderr, "%s: %s\n", error.name(), error.what());
  return 1;
}
