#include "pipelines/conversion.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "pipelines/components.h"
#include "pipelines/quantization.h"
#include "quant/convert.h"
#include "weights/model_files.h"

namespace ltx::pipelines {
namespace {

namespace fs = std::filesystem;

constexpr int32_t kGguf = 2;  // ltx_container
constexpr std::string_view kSafetensors = ".safetensors";

/// One call of quant::convert.
struct Unit {
  std::vector<fs::path> sources;
  fs::path output;
  fs::path sidecars, folder;  // of a text encoder's folder: what lies beside the weights, and where it goes
  bool split = false;
};

struct Copy {
  fs::path from, to;
};

/// Gives the reports of one unit its number.
class UnitMonitor : public Monitor {
 public:
  UnitMonitor(Monitor& base, size_t number, size_t count)
      : base_(base), number_(static_cast<int32_t>(number)), count_(static_cast<int32_t>(count)) {}
  void progress(const Progress& progress) override {
    auto numbered = progress;
    numbered.stage = number_;
    numbered.stage_count = count_;
    base_.progress(numbered);
  }
  void log(LogLevel level, std::string_view source, std::string_view message) override {
    base_.log(level, source, message);
  }
  bool cancelled() const override { return base_.cancelled(); }

 private:
  Monitor& base_;
  int32_t number_, count_;
};

/// What a conversion would have to leave out is not quietly left out.
void refuse_unread(const engine::PipelineParams& params) {
  const auto& models = params.models;
  for (const auto& [name, path] : {std::pair{"video_vae", &models.video_vae},
                                   {"audio_vae", &models.audio_vae},
                                   {"duration_head", &models.duration_head},
                                   {"spatial_upsampler", &models.spatial_upsampler},
                                   {"temporal_upsampler", &models.temporal_upsampler},
                                   {"prompt_enhancer", &models.prompt_enhancer}})
    if (!path->empty())
      fail(Status::InvalidArgument,
           "params.models.{} is '{}', but only models.checkpoint or models.transformer and "
           "models.text_encoder are converted. Leave it at NULL.",
           name, *path);
  for (size_t i = 0; i < params.loras.size(); ++i) {
    const auto& lora = params.loras[i];
    if (lora.role != engine::LoraRole::User)
      fail(Status::InvalidArgument,
           "params.loras[{}].role is {} ('{}'), but a conversion knows no recipe that would give it its "
           "share. Use the role user, with the strength to be fused.",
           i, static_cast<int32_t>(lora.role), lora.path);
    if (lora.stages != 0)
      fail(Status::InvalidArgument,
           "params.loras[{}].stages is {} ('{}'), but a converted file holds one sum for all stages. Use 0.",
           i, lora.stages, lora.path);
  }
}

weights::ModelPaths paths_of(const engine::ModelPaths& given) {
  weights::ModelPaths paths;
  paths.root = given.root;
  paths.checkpoint = given.checkpoint;
  paths.transformer = given.transformer;
  paths.text_encoder = given.text_encoder;
  return paths;
}

std::string file_name(const fs::path& source) {
  return source.stem().string() + std::string(kSafetensors);
}

std::vector<Unit> units_of(const weights::ModelFiles& files, const engine::ConvertParams& params) {
  const auto& paths = files.paths();
  const auto& main = paths.transformer.empty() ? paths.checkpoint : paths.transformer;
  if (params.source.text_quant != engine::QuantPolicy::Auto) files.text_encoder();  // has to be there
  const bool text =
      !paths.text_encoder.empty() && (main.empty() || params.source.text_quant != engine::QuantPolicy::Auto);
  if (main.empty() && !text)
    fail(Status::ComponentMissing,
         "params.models names no file to convert. Set models.checkpoint, models.transformer or "
         "models.text_encoder.");
  if (params.split && main.empty())
    fail(Status::InvalidArgument,
         "params.split takes a checkpoint apart, params.models has none. Leave it at 0.");
  const bool folder_of_text = text && !files.text_encoder().packed();
  const fs::path output(params.output_path);
  const bool names_file = output.extension() == kSafetensors;
  const bool several = params.split || (!main.empty() && text) || folder_of_text;
  if (several && names_file)
    fail(Status::InvalidArgument,
         "params.output_path '{}' names a file, but several files are written. Give a folder.",
         output.string());

  std::vector<Unit> units;
  if (!main.empty())
    units.push_back(
        {{main}, names_file || params.split ? output : output / file_name(main), {}, {}, params.split});
  if (!text) return units;
  const auto& encoder = files.text_encoder();
  if (encoder.packed()) {
    units.push_back(
        {encoder.weight_files(), names_file ? output : output / file_name(encoder.path()), {}, {}, false});
    return units;
  }
  const auto folder = main.empty() ? output : output / "text_encoder";
  const auto& shards = encoder.weight_files();
  units.push_back({shards, shards.size() > 1 ? folder : folder / file_name(shards.front()), encoder.path(),
                   folder, false});
  return units;
}

/// Configuration and tokenizer; an index of shards would speak of the old tensors.
bool is_sidecar(const fs::path& file) {
  const auto name = file.filename().string();
  const auto ending = file.extension();
  if (name.starts_with(".") || name.ends_with(".index.json") || ending == kSafetensors) return false;
  return ending == ".json" || ending == ".model" || ending == ".txt" || ending == ".jinja" ||
         name.starts_with("tokenizer");
}

/// What lies beside a text encoder's weights; a conversion into the folder itself is no part of it.
std::vector<Copy> sidecars_of(const Unit& unit, const fs::path& output) {
  std::vector<Copy> copies;
  if (unit.sidecars.empty()) return copies;
  std::error_code error;
  for (fs::recursive_directory_iterator at(unit.sidecars, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      if (at->path().filename().string().starts_with(".") || fs::equivalent(at->path(), output, ignored) ||
          fs::equivalent(at->path(), unit.folder, ignored))
        at.disable_recursion_pending();
    } else if (at->is_regular_file(ignored) && is_sidecar(at->path())) {
      copies.push_back({at->path(), unit.folder / at->path().lexically_relative(unit.sidecars)});
    }
  }
  if (error)
    fail(Status::FileAccess, "text encoder folder '{}' cannot be searched: {}. Check its permissions.",
         unit.sidecars.string(), error.message());
  return copies;
}

void copy(const Copy& copy) {
  const auto bytes = io::read_text_file(copy.from);
  io::AtomicFile file(copy.to);
  file.write(std::as_bytes(std::span(bytes)));
  file.commit();
}

/// Before anything is written: no target is another's, none is a file that is read, none exists.
class Targets {
 public:
  explicit Targets(bool overwrite) : overwrite_(overwrite) {}
  void source(const fs::path& path) { sources_.push_back(path); }
  void add(const fs::path& target) {
    std::error_code error;
    auto name = fs::weakly_canonical(target, error);
    if (error) name = fs::absolute(target).lexically_normal();
    if (!names_.insert(name).second)
      fail(Status::InvalidArgument,
           "params.output_path: two files would be written to '{}'. Convert them one by one, into different "
           "folders.",
           target.string());
    if (!fs::exists(target, error)) return;
    for (const auto& source : sources_)
      if (fs::equivalent(source, target, error))
        fail(Status::InvalidArgument,
             "params.output_path: '{}' would be written to, but is one of the files that are read. Choose "
             "another folder.",
             target.string());
    if (!overwrite_)
      fail(Status::InvalidArgument, "output '{}' exists. Choose another name or set overwrite.",
           target.string());
  }

 private:
  bool overwrite_;
  std::vector<fs::path> sources_;
  std::set<fs::path> names_;
};

void tell(const quant::Conversion& done, engine::Sink& sink) {
  for (const auto& warning : done.warnings) sink.log(LogLevel::Warning, "convert", warning);
  for (const auto& file : done.files)
    sink.log(LogLevel::Info, "convert",
             fmt::format("'{}': {} tensors, {} bytes", file.path.string(), file.tensors, file.bytes));
  for (const auto& layer : done.report->layers()) {
    if (layer.outcome == quant::Outcome::Plain) continue;
    const auto error = layer.error ? fmt::format(", relative error {:.4g}", layer.error->relative_l2) : "";
    const auto reason = layer.reason.empty() ? "" : " (" + layer.reason + ")";
    sink.log(
        layer.outcome == quant::Outcome::Skipped ? LogLevel::Info : LogLevel::Debug, "convert",
        fmt::format("{}:{}: {} to {}, {}{}{}", layer.component, layer.name, formats::name_of(layer.stored),
                    formats::name_of(layer.held), quant::name_of(layer.outcome), reason, error));
  }
}

}  // namespace

void convert(const engine::ConvertParams& params, engine::Sink& sink) {
  if (params.container == kGguf)
    fail(Status::Unsupported, "params.container is gguf, which is read and not written. Use safetensors.");
  refuse_unread(params.source);
  const auto device = choose_device(params.source);
  const Quantization quantization(params.source, device);
  const weights::ModelFiles files(paths_of(params.source.models));
  quant::ConvertOptions options;
  options.transformer = quantization.policy(engine::Component::Transformer);
  options.text_encoder = quantization.policy(engine::Component::TextEncoder);
  options.device = device;
  options.overwrite = params.overwrite;
  options.verify = params.verify;
  options.config = files.metadata(weights::Component::Transformer).section("transformer");
  Targets targets(params.overwrite);
  if (const auto& path = params.source.quant_options.calibration_path; !path.empty()) {
    options.calibration = std::make_shared<const quant::Calibration>(quant::Calibration::read(path));
    targets.source(path);
  }
  for (const auto& lora : params.source.loras) {
    options.loras.push_back({std::make_shared<const weights::LoraFile>(lora.path), lora.strength});
    targets.source(lora.path);
  }

  const auto units = units_of(files, params);
  std::vector<quant::Converter> converters;
  std::vector<engine::PlannedWork> plan;
  bool fused = options.loras.empty();
  for (const auto& unit : units) {
    auto own = options;
    own.split = unit.split;
    if (unit.sidecars.empty() && weights::Checkpoint(unit.sources).has(weights::Component::Transformer))
      fused = true;
    else
      own.loras.clear();
    converters.emplace_back(unit.sources, unit.output, own);
    // A stage of 0 is one that is not counted.
    plan.push_back({Phase::Convert, units.size() > 1 ? static_cast<int32_t>(plan.size()) + 1 : 0,
                    static_cast<double>(converters.back().bytes())});
    for (const auto& source : unit.sources) targets.source(source);
  }
  if (!fused)
    fail(Status::InvalidArgument,
         "params.loras has {} files, but no file that is converted holds a transformer. Set "
         "models.checkpoint or models.transformer, or leave loras out.",
         options.loras.size());
  std::vector<std::vector<Copy>> copies;
  for (const auto& unit : units) {
    copies.push_back(sidecars_of(unit, params.output_path));
    for (const auto& copy : copies.back()) targets.source(copy.from);
  }
  for (size_t i = 0; i < units.size(); ++i) {
    for (const auto& target : converters[i].targets()) targets.add(target);
    for (const auto& copy : copies[i]) targets.add(copy.to);
  }

  sink.plan(plan);
  for (size_t i = 0; i < units.size(); ++i) {
    UnitMonitor monitor(sink, static_cast<size_t>(plan[i].stage), units.size() > 1 ? units.size() : 0);
    tell(converters[i].run(monitor), sink);
    for (const auto& sidecar : copies[i]) {
      sink.checkpoint();
      copy(sidecar);
    }
  }
}

}  // namespace ltx::pipelines
