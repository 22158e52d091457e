#include "pipelines/conversion.h"

#include <algorithm>
#include <filesystem>

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

/// Configuration and tokenizer of a text encoder; an index of shards would speak of the old tensors.
void copy_sidecars(const Unit& unit, bool overwrite) {
  if (unit.sidecars.empty()) return;
  for (const auto& entry : fs::recursive_directory_iterator(unit.sidecars)) {
    const auto name = entry.path().filename().string();
    if (!entry.is_regular_file() || entry.path().extension() == kSafetensors ||
        name.ends_with(".index.json") || name.starts_with("."))
      continue;
    const auto target = unit.folder / entry.path().lexically_relative(unit.sidecars);
    std::error_code error;
    if (fs::exists(target, error) && !overwrite)
      fail(Status::InvalidArgument, "output '{}' exists. Choose another name or set overwrite.",
           target.string());
    const auto bytes = io::read_text_file(entry.path());
    io::AtomicFile file(target);
    file.write(std::as_bytes(std::span(bytes)));
    file.commit();
  }
}

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
  if (const auto& path = params.source.quant_options.calibration_path; !path.empty())
    options.calibration = std::make_shared<const quant::Calibration>(quant::Calibration::read(path));
  for (const auto& lora : params.source.loras)
    options.loras.push_back({std::make_shared<const weights::LoraFile>(lora.path), lora.strength});

  sink.plan({{Phase::Convert, 0, 1}});
  for (const auto& unit : units_of(files, params)) {
    auto own = options;
    own.split = unit.split;
    if (!unit.sidecars.empty() || !weights::Checkpoint(unit.sources).has(weights::Component::Transformer))
      own.loras.clear();
    tell(quant::convert(unit.sources, unit.output, own, sink), sink);
    copy_sidecars(unit, params.overwrite);
  }
}

}  // namespace ltx::pipelines
