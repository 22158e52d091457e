#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "commands.h"
#include "options.h"
#include "progress.h"
#include "quality_report.h"

namespace cli {
namespace {

/// What one policy makes of the request, beside what is compared.
struct outcome {
  quality_row row;
  std::vector<float> video_latent, audio_latent, samples;
};

picture_set pictures_of(const ltx::result& result) {
  picture_set set;
  if (result.stats().width <= 0) return set;  // a recipe of sound alone
  const ltx_video_buffer video = result.video();
  set.width = video.width, set.height = video.height, set.count = video.frame_count;
  set.pixels.resize(static_cast<size_t>(set.width) * static_cast<size_t>(set.height) *
                    static_cast<size_t>(set.count) * 3);
  auto target = ltx::make<ltx_video_buffer>();
  target.pixel_format = LTX_PIXEL_RGB8;
  target.data = set.pixels.data();
  target.data_size = set.pixels.size();
  result.copy_frames(0, set.count, target);
  return set;
}

std::vector<float> samples_of(const ltx::result& result) {
  const ltx_audio_buffer audio = result.audio();
  std::vector<float> samples;
  const uint64_t stride = audio.channel_stride != 0 ? audio.channel_stride : audio.sample_count;
  for (int32_t channel = 0; channel < audio.channels; ++channel) {
    const float* at = audio.data + static_cast<uint64_t>(channel) * stride;
    samples.insert(samples.end(), at, at + audio.sample_count);
  }
  return samples;
}

/// Weight errors per layer and block, from the pipeline's report.
void read_report(const nlohmann::json& info, quality_row& row) {
  const auto& components = info.at("quantization").at("components");
  row.keep_blocks = info["quantization"].value("suggested_keep_bf16_blocks", std::vector<int64_t>());
  if (!components.contains("transformer")) return;
  const auto& report = components.at("transformer");
  row.quantized = report.value("quantized", int64_t{0}) + report.value("already_quantized", int64_t{0});
  if (report.contains("skipped"))
    for (const auto& [reason, count] : report.at("skipped").items()) row.skipped += count.get<int64_t>();
  std::map<int, std::pair<double, int>> blocks;  // squares and their number
  int measured = 0;
  for (const auto& layer : report.at("layers")) {
    if (!layer.contains("relative_l2")) continue;
    const double error = layer.at("relative_l2");
    const std::string name = layer["name"];
    row.mean_weight_error += error, ++measured;
    if (error > row.worst_weight_error) row.worst_weight_error = error, row.worst_layer = name;
    int block = 0;
    if (std::sscanf(name.c_str(), "transformer_blocks.%d.", &block) == 1)
      blocks[block].first += error * error, ++blocks[block].second;
  }
  if (measured > 0) row.mean_weight_error /= measured;
  for (const auto& [block, sum] : blocks) {
    row.block_errors.resize(static_cast<size_t>(block) + 1);
    row.block_errors[static_cast<size_t>(block)] = std::sqrt(sum.first / sum.second);
  }
}

/// A file of the final latents that is gone when the object is.
class latent_file {
 public:
  explicit latent_file(const std::string& folder) {
    std::string name = (std::filesystem::path(folder) / ".latents-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("'" + folder + "' cannot be written to");
    folder_ = name;
  }
  ~latent_file() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  latent_file(const latent_file&) = delete;
  latent_file& operator=(const latent_file&) = delete;
  std::string path() const { return (folder_ / "latents.safetensors").string(); }

 private:
  std::filesystem::path folder_;
};

outcome run_policy(options& o, const std::string& policy, const std::string& folder, progress_view& view) {
  o.params.quant = ltx::parse(LTX_ENUM_QUANT, policy);
  o.params.measure_quantization = 1;
  ltx::pipeline pipeline(o.params);
  const ltx::result result = pipeline.generate(o.request, [&](const ltx_event& event) {
    if (event.type != LTX_EVENT_FINISHED) view.show(event);
    return !interrupted();
  });
  outcome out;
  out.row.policy = policy;
  const auto state = pipeline.component(LTX_COMPONENT_TRANSFORMER);
  out.row.transformer_bytes = state.device_bytes + state.host_bytes;
  read_report(nlohmann::json::parse(pipeline.info().json()), out.row);
  const ltx_stats stats = result.stats();
  out.row.denoise_seconds = stats.stage_1_seconds + stats.stage_2_seconds;
  out.row.total_seconds = stats.total_seconds;
  out.row.frames = pictures_of(result);
  out.samples = samples_of(result);
  auto file = ltx::make<ltx_output>();
  const latent_file latents(folder);
  const std::string path = latents.path();
  file.path = path.c_str();
  result.save(file);
  auto tensors = read_floats(path);
  out.video_latent = std::move(tensors["video_latent"]);
  out.audio_latent = std::move(tensors["audio_latent"]);
  return out;
}

int run(options& o, const std::vector<std::string>& policies, const std::string& folder,
        const std::string& style, bool json) {
  for (const auto& policy : policies) ltx::parse(LTX_ENUM_QUANT, policy);  // a slip is an error now
  std::filesystem::create_directories(folder);
  o.output.path = nullptr;
  o.output.keep_frames = 1;
  if (o.params.memory_mode == LTX_MEMORY_AUTO) o.params.memory_mode = LTX_MEMORY_PERSISTENT;
  watch_interrupts();
  std::vector<quality_row> rows;
  outcome first;
  for (const auto& policy : policies) {
    progress_view view(style);
    auto out = run_policy(o, policy, folder, view);
    if (rows.empty()) first = out;
    auto& row = rows.emplace_back(std::move(out.row));
    row.video_latent = relative_l2(out.video_latent, first.video_latent);
    row.audio_latent = relative_l2(out.audio_latent, first.audio_latent);
    if (row.frames.count > 0) {
      row.psnr = psnr(row.frames, first.row.frames);
      row.ssim = ssim(row.frames, first.row.frames);
    }
    row.audio_snr = snr(out.samples, first.samples);
  }
  const auto written = write_quality_report(folder, o.request.prompt ? o.request.prompt : "", rows);
  if (json) {
    nlohmann::json all = nlohmann::json::array();
    for (const auto& row : rows) all.push_back(to_json(row));
    std::puts(nlohmann::json({{"schema", 1}, {"report", folder}, {"files", written}, {"policies", all}})
                  .dump()
                  .c_str());
  } else {
    std::fputs(quality_table(rows).c_str(), stdout);
    for (const auto& row : rows) {
      std::string blocks;
      for (const int64_t block : row.keep_blocks)
        blocks += (blocks.empty() ? "" : ",") + std::to_string(block);
      if (!blocks.empty())
        std::printf("%s: the weight errors of some blocks stand out; try --keep-bf16-blocks %s\n",
                    row.policy.c_str(), blocks.c_str());
    }
    for (const auto& name : written) std::printf("%s\n", (std::filesystem::path(folder) / name).c_str());
  }
  return 0;
}

}  // namespace

command add_quality(CLI::App& app, const bool& json) {
  CLI::App& sub = *app.add_subcommand("quality", "Compare policies on one model and prompt");
  auto o = std::make_shared<options>();
  o->add_to(sub);
  auto policies = std::make_shared<std::vector<std::string>>(
      std::vector<std::string>{"none", "fp8-weight-only", "fp8-cast", "int8", "int8-dynamic", "int4", "nf4"});
  auto folder = std::make_shared<std::string>();
  auto style = std::make_shared<std::string>("auto");
  sub.add_option("--policies", *policies, "The first is what the others are compared with")->delimiter(',');
  sub.add_option("--report", *folder, "Folder for quality.json, .html and .png")
      ->type_name("FOLDER")
      ->required();
  sub.add_option("--progress", *style, "On stderr")->check(CLI::IsMember({"auto", "plain", "json", "off"}));
  return [o, policies, folder, style, &json] {
    o->finish();
    if (!o->output_path.empty()) throw usage_error("--output does not belong to quality; use --report");
    return run(*o, *policies, *folder, *style, json);
  };
}

}  // namespace cli
