#include <cstdio>
#include <memory>

#include "commands.h"
#include "options.h"
#include "progress.h"

namespace cli {
namespace {

nlohmann::json guidance_json(const ltx_guidance* g) {
  if (g == nullptr) return nullptr;
  nlohmann::json blocks = nlohmann::json::array();
  for (size_t i = 0; i < g->stg_block_count; ++i) blocks.push_back(g->stg_blocks[i]);
  return {{"cfg_scale", g->cfg_scale},         {"stg_scale", g->stg_scale},
          {"rescale_scale", g->rescale_scale}, {"modality_scale", g->modality_scale},
          {"skip_step", g->skip_step},         {"stg_blocks", blocks}};
}

/// A path, or where there is none, that the data lie in memory.
std::string source(const char* path) {
  return path ? path : "memory";
}

/// Clips, sound and window of the recipes that begin with them.
void add_media(const ltx_request& r, nlohmann::json& out) {
  for (size_t i = 0; i < r.video_count; ++i)
    out["videos"].push_back({{"path", source(r.videos[i].path)},
                             {"role", ltx::name(LTX_ENUM_VIDEO, r.videos[i].role)},
                             {"strength", r.videos[i].strength}});
  if (r.audio)
    out["audio"] = {{"path", source(r.audio->path)},
                    {"start_time", r.audio->start_time},
                    {"max_duration", r.audio->max_duration}};
  if (r.end_time >= 0) {
    out["start_time"] = r.start_time;
    out["end_time"] = r.end_time;
    out["regenerate_video"] = r.regenerate_video != 0;
    out["regenerate_audio"] = r.regenerate_audio != 0;
  }
  if (r.attention_strength != 1) out["attention_strength"] = r.attention_strength;
  if (r.skip_stage_2) out["skip_stage_2"] = true;
}

/// What a run would do: the request with every default filled in.
nlohmann::json request_json(const ltx_request& r) {
  nlohmann::json images = nlohmann::json::array(),
                 sigmas[2] = {nlohmann::json::array(), nlohmann::json::array()};
  for (size_t i = 0; i < r.image_count; ++i)
    images.push_back({{"path", r.images[i].path ? r.images[i].path : ""},
                      {"frame_index", r.images[i].frame_index},
                      {"strength", r.images[i].strength},
                      {"crf", r.images[i].crf}});
  for (size_t i = 0; i < r.stage_1_sigma_count; ++i) sigmas[0].push_back(r.stage_1_sigmas[i]);
  for (size_t i = 0; i < r.stage_2_sigma_count; ++i) sigmas[1].push_back(r.stage_2_sigmas[i]);
  nlohmann::json out = {{"num_frames", r.num_frames},
                        {"frame_rate", r.frame_rate},
                        {"seed", r.seed},
                        {"noise_source", ltx::name(LTX_ENUM_NOISE, r.noise_source)},
                        {"stage_1_sigmas", sigmas[0]},
                        {"stage_2_sigmas", sigmas[1]},
                        {"images", images}};
  if (r.width > 0) {
    out["width"] = r.width;
    out["height"] = r.height;
  }
  add_media(r, out);
  if (r.num_inference_steps > 0) out["num_inference_steps"] = r.num_inference_steps;
  if (r.video_guidance) out["video_guidance"] = guidance_json(r.video_guidance);
  if (r.audio_guidance) out["audio_guidance"] = guidance_json(r.audio_guidance);
  if (r.negative_prompt) out["negative_prompt"] = r.negative_prompt;
  if (r.enhance_prompt) out["enhance_seed"] = r.enhance_seed;
  if (r.output && r.output->path) out["output"] = r.output->path;
  return out;
}

nlohmann::json stats_json(const ltx_stats& s) {
  std::string digest;
  for (const uint8_t byte : s.latent_sha256) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", byte);
    digest += hex;
  }
  return {{"width", s.width},
          {"height", s.height},
          {"num_frames", s.num_frames},
          {"frame_rate", s.frame_rate},
          {"seed", s.seed},
          {"quant", ltx::name(LTX_ENUM_QUANT, s.quant)},
          {"memory_mode", ltx::name(LTX_ENUM_MEMORY, s.memory_mode)},
          {"num_inference_steps", s.num_inference_steps},
          {"total_seconds", s.total_seconds},
          {"load_seconds", s.load_seconds},
          {"text_seconds", s.text_seconds},
          {"condition_seconds", s.condition_seconds},
          {"stage_1_seconds", s.stage_1_seconds},
          {"upsample_seconds", s.upsample_seconds},
          {"stage_2_seconds", s.stage_2_seconds},
          {"decode_seconds", s.decode_seconds},
          {"encode_seconds", s.encode_seconds},
          {"peak_device_bytes", s.peak_device_bytes},
          {"peak_host_bytes", s.peak_host_bytes},
          {"disk_bytes_read", s.disk_bytes_read},
          {"latent_sha256", digest}};
}

int dry_run(ltx::pipeline& pipeline, const options& o, bool json) {
  const ltx_request resolved = pipeline.resolve(o.request);
  const nlohmann::json report = {{"schema", 1},
                                 {"request", request_json(resolved)},
                                 {"pipeline", nlohmann::json::parse(pipeline.info().json())}};
  std::puts(json ? report.dump().c_str() : report["request"].dump(2).c_str());
  return 0;
}

int run(ltx::pipeline& pipeline, const options& o, const std::string& style, bool json) {
  watch_interrupts();
  ltx::job job = pipeline.start(o.request);
  {
    progress_view view(style);
    bool cancelling = false;
    for (bool finished = false; !finished;) {
      const std::optional<ltx_event> event = job.next_event(std::chrono::milliseconds(100));
      if (interrupted() && !cancelling) {
        cancelling = true;
        job.cancel();
      }
      if (!event) continue;
      view.show(*event);
      finished = event->type == LTX_EVENT_FINISHED;
    }
  }
  const ltx_stats stats = job.result().stats();  // throws what the job ended with
  if (json) {
    std::puts(nlohmann::json({{"schema", 1}, {"output", o.output_path}, {"stats", stats_json(stats)}})
                  .dump()
                  .c_str());
  } else if (stats.width > 0) {
    std::printf("%s: %dx%d, %d frames at %g Hz, seed %llu, %.1f s\n", o.output_path.c_str(), stats.width,
                stats.height, stats.num_frames, stats.frame_rate, static_cast<unsigned long long>(stats.seed),
                stats.total_seconds);
  } else {
    std::printf("%s: %g s of sound, seed %llu, %.1f s\n", o.output_path.c_str(),
                stats.num_frames / stats.frame_rate, static_cast<unsigned long long>(stats.seed),
                stats.total_seconds);
  }
  return 0;
}

}  // namespace

command add_generate(CLI::App& app, const bool& json) {
  CLI::App& sub = *app.add_subcommand("generate", "A clip or a sound from a prompt");
  auto o = std::make_shared<options>();
  o->add_to(sub);
  auto dry = std::make_shared<bool>(false);
  auto style = std::make_shared<std::string>("auto");
  sub.add_flag("--dry-run", *dry, "Validate, show every default, stop");
  sub.add_option("--progress", *style, "On stderr")->check(CLI::IsMember({"auto", "plain", "json", "off"}));
  return [o, dry, style, &json] {
    o->finish();
    if (o->output_path.empty() && !*dry) throw usage_error("--output is required");
    ltx::pipeline pipeline(o->params);
    return *dry ? dry_run(pipeline, *o, json) : run(pipeline, *o, *style, json);
  };
}

}  // namespace cli
