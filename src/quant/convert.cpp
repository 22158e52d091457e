#include "quant/convert.h"

#include <algorithm>

#include "base/error.h"
#include "io/checksum.h"
#include "io/safetensors.h"
#include "quant/convert_plan.h"
#include "quant/load_linear.h"
#include "weights/gguf_store.h"

namespace ltx::quant {
namespace {

namespace fs = std::filesystem;
using formats::Format;
using nlohmann::json;
using weights::NamedTensor;
using Action = PlannedTensor::Action;

constexpr std::string_view kQuantizationMetadata = "_quantization_metadata";

/// A part of a split model: the sections of the configuration that go with it.
struct Piece {
  std::string name;
  std::vector<std::string> prefixes, sections;
};

const std::vector<Piece>& pieces() {
  static const std::vector<Piece> all = {
      {"video_vae", {"vae."}, {"vae"}},
      {"audio_vae", {"audio_vae.", "vocoder."}, {"audio_vae", "vocoder"}},
      {"duration_head", {"duration_head."}, {"duration_head", "transformer"}},
  };
  return all;
}

/// Connectors and text projections go with the transformer, as whatever has no file of its own.
const Piece& rest() {
  static const Piece piece{"transformer", {}, {"transformer", "scheduler"}};
  return piece;
}

const Piece& piece_of(std::string_view key) {
  for (const auto& piece : pieces())
    for (const auto& prefix : piece.prefixes)
      if (key.starts_with(prefix)) return piece;
  return rest();
}

/// A file to be written.
struct Output {
  fs::path path;
  size_t source = 0;             // whose metadata it has
  const Piece* piece = nullptr;  // of a split model
  std::vector<const PlannedTensor*> tensors;
};

std::vector<Output> outputs_of(const Plan& plan, const fs::path& target, bool split, bool join) {
  std::map<std::pair<size_t, std::string>, Output> outputs;
  for (const auto& tensor : plan.tensors) {
    const auto* piece = split ? &piece_of(tensor.key) : nullptr;
    const size_t file = split || join ? 0 : tensor.file;
    auto& output = outputs[{file, piece ? piece->name : ""}];
    output.source = file;
    output.piece = piece;
    output.tensors.push_back(&tensor);
  }
  if (outputs.empty())
    fail(Status::InvalidArgument, "'{}' holds no tensor of the wanted component. Choose another file.",
         plan.files.front()->path().string());
  std::error_code error;
  const bool folder = split || outputs.size() > 1 || fs::is_directory(target, error);
  if (folder && target.extension() == ".safetensors")
    fail(Status::InvalidArgument,
         "output '{}': expected a folder for {} files, found the name of a file. Give a folder.",
         target.string(), outputs.size());
  if (!folder && target.extension() != ".safetensors")
    fail(Status::InvalidArgument,
         "output '{}': expected a name ending in '.safetensors', found another. Name the file so, or give a "
         "folder "
         "that exists.",
         target.string());
  std::vector<Output> list;
  for (auto& [key, output] : outputs) {
    const auto& source = plan.files[output.source]->path();
    const auto name = output.piece ? output.piece->name : source.stem().string();
    output.path = folder ? target / (name + ".safetensors") : target;
    list.push_back(std::move(output));
  }
  return list;
}

uint64_t size_of(const io::TensorDeclaration& tensor) {
  uint64_t bits = static_cast<uint64_t>(io::bits_of(tensor.dtype));
  for (const auto extent : tensor.shape) bits *= static_cast<uint64_t>(extent);
  return bits / 8;
}

uint64_t size_of(const PlannedTensor& tensor) {
  uint64_t bytes = 0;
  for (const auto& declaration : tensor.declarations) bytes += size_of(declaration);
  return bytes;
}

/// Whether verification compares the layer with its source.
bool is_measured(const PlannedTensor& tensor) {
  return tensor.component && tensor.look.format != Format::Unquantized;
}

/// Bytes to be gone through for a tensor: its source, what was written, the source again.
uint64_t work_of(const PlannedTensor& tensor, bool verify) {
  return tensor.bytes + (verify ? size_of(tensor) + (is_measured(tensor) ? tensor.bytes : 0) : 0);
}

/// Reads, encodes and writes the tensors of one file.
class FileConversion {
 public:
  FileConversion(const Plan& plan, const Output& output, const ConvertOptions& options, Report& report,
                 Monitor& monitor, Progress& progress)
      : plan_(plan),
        output_(output),
        options_(options),
        report_(report),
        monitor_(monitor),
        progress_(progress) {
    for (const auto& file : plan.files)
      if (file->container() == io::Container::Gguf)
        blocks_[file.get()] =
            std::make_shared<const weights::GgufStore>(std::make_shared<const weights::FileStore>(
                std::vector{file}, [](const io::TensorFile&) { return weights::Rename(); }));
  }

  ConvertedFile run() {
    std::vector<io::TensorDeclaration> declarations;
    for (const auto* tensor : output_.tensors)
      declarations.insert(declarations.end(), tensor->declarations.begin(), tensor->declarations.end());
    ConvertedFile result{output_.path, declarations.size(), 0};
    io::SafetensorsWriter writer(output_.path, std::move(declarations), metadata());
    for (const auto* tensor : output_.tensors) {
      monitor_.checkpoint();
      write(writer, *tensor);
      advance(tensor->bytes);
    }
    if (options_.verify) verify(writer.temporary());
    writer.commit();
    std::error_code error;
    result.bytes = fs::file_size(output_.path, error);
    return result;
  }

 private:
  void advance(uint64_t bytes) {
    progress_.bytes_done += bytes;
    monitor_.progress(progress_);
  }

  void write(io::SafetensorsWriter& writer, const PlannedTensor& tensor) {
    switch (tensor.action) {
      case Action::Copy:
        return copy(writer, tensor);
      case Action::Decode: {
        const auto weight = tensor.layer + ".weight";
        const auto& store = *tensor.component->store;
        put(writer, tensor.key, store.read(weight).to(at::kBFloat16));
        store.release(weight);
        return note(tensor, Outcome::Dequantized);
      }
      case Action::Keep: {
        const auto stored = tensor.component->store->parts(tensor.layer + ".weight").stored.value();
        put_layer(writer, tensor, stored, {});
        return note(tensor, Outcome::AlreadyQuantized);
      }
      case Action::Encode:
        return encode(writer, tensor);
    }
  }

  void copy(io::SafetensorsWriter& writer, const PlannedTensor& tensor) {
    const auto& file = *plan_.files[tensor.file];
    const auto& entry = *file.find(tensor.key);
    if (const auto blocks = blocks_.find(&file); blocks != blocks_.end())
      put(writer, tensor.key, blocks->second->read(tensor.key));
    else
      put(writer, tensor.key, file.data(entry));
    file.release(entry);
  }

  /// What a load would make of the layer, by the function that loads it.
  void encode(io::SafetensorsWriter& writer, const PlannedTensor& tensor) {
    const auto& store = tensor.component->store;
    const auto weight = tensor.layer + ".weight";
    const auto& shape = store->find(weight)->shape;
    // The context's owner outlives the plan's tensors.
    const std::shared_ptr<const Context> context(tensor.component->context, tensor.context);
    Source source(weights::View(store), options_.device, options_.compute, context);
    auto parts = load_linear(source / tensor.layer, shape[1], shape[0], tensor.bias);
    if (!parts.low_rank.empty())
      fail(Status::Quant,
           "{}: layer '{}': its codes cannot take a LoRA's update. Convert without LoRAs, or the bf16 file.",
           store->find(weight)->source, tensor.layer);
    if (tensor.look.format == Format::Unquantized) {
      put(writer, tensor.key,
          parts.weight.codes.to(weights::scalar_type_of(tensor.declarations.front().dtype, tensor.key)));
    } else {
      weights::StoredMatrix stored;
      stored.matrix = parts.weight.to(at::kCPU);
      if (tensor.decision.keep_stored) {  // a LoRA in a stored layer: what the file says of activations stays
        const auto before = store->parts(weight).stored.value();
        stored.input_scale = before.input_scale;
        stored.pre_quant_scale = before.pre_quant_scale;
        stored.full_precision_matmul = before.full_precision_matmul;
      } else {
        stored.input_scale = tensor.input_scale;
      }
      put_layer(writer, tensor, stored, parts.bias);
    }
    store->release(weight);
  }

  void put_layer(io::SafetensorsWriter& writer, const PlannedTensor& tensor,
                 const weights::StoredMatrix& stored, const at::Tensor& bias) {
    if (weights::look_of(stored) != tensor.look)
      fail(Status::Internal, "layer '{}': expected to be {}, found {} after encoding. Report this.",
           tensor.layer, formats::name_of(tensor.look.format), formats::name_of(stored.matrix.format));
    const auto layer = tensor.key.substr(0, tensor.key.size() - std::string_view(".weight").size());
    for (const auto& [name, value] : weights::stored_tensors(layer, stored)) put(writer, name, value);
    if (tensor.bias) put(writer, tensor.declarations.back().name, bias.to(at::kCPU));
  }

  void put(io::SafetensorsWriter& writer, const std::string& name, const at::Tensor& tensor) {
    const auto plain = tensor.detach().to(at::kCPU).contiguous();
    put(writer, name, {static_cast<const std::byte*>(plain.const_data_ptr()), plain.nbytes()});
  }

  void put(io::SafetensorsWriter& writer, const std::string& name, std::span<const std::byte> bytes) {
    writer.write(name, bytes);
    if (options_.verify) checksums_[name] = io::checksum(bytes);
  }

  /// The report's entry of a layer that no loader saw.
  void note(const PlannedTensor& tensor, Outcome outcome) {
    const auto& info = *tensor.component->store->find(tensor.layer + ".weight");
    LayerReport layer;
    layer.component = tensor.component->context->component;
    layer.name = tensor.layer;
    layer.shape = info.shape;
    layer.stored = tensor.stored;
    layer.held = tensor.look.format;
    layer.kind = tensor.decision.kind;
    layer.outcome = outcome;
    layer.reason = tensor.decision.skipped;
    layer.bytes_before = tensor.bytes;
    layer.bytes_after = size_of(tensor);
    report_.add(std::move(layer));
  }

  std::map<std::string, std::string> metadata() const {
    const auto& raw = plan_.files[output_.source]->metadata();
    std::map<std::string, std::string> result(raw.begin(), raw.end());
    if (plan_.files[output_.source]->container() == io::Container::Gguf)
      std::erase_if(result, [](const auto& item) {
        return item.first.starts_with("general.") || item.first.starts_with("comfy.gguf.");
      });
    set_config(result);
    set_layers(result);
    return result;
  }

  void set_config(std::map<std::string, std::string>& metadata) const {
    if (!metadata.contains("config"))
      for (const auto& component : plan_.components)
        if (component->component == weights::Component::Transformer && !component->config.is_null())
          metadata["config"] = json{{"transformer", component->config}}.dump();
    if (!output_.piece || !metadata.contains("config")) return;
    const auto all = json::parse(metadata["config"], nullptr, false);
    if (!all.is_object()) return;
    json own = json::object();
    for (const auto& section : output_.piece->sections)
      if (const auto found = all.find(section); found != all.end()) own[section] = *found;
    metadata["config"] = own.dump();
  }

  /// Entries of layers that are carried over stay; those of rewritten ones are made anew.
  void set_layers(std::map<std::string, std::string>& metadata) const {
    std::map<std::string, json> entries;
    std::set<std::string> keys;
    for (const auto* tensor : output_.tensors) keys.insert(tensor->key);
    const auto before = metadata.find(std::string(kQuantizationMetadata));
    if (before != metadata.end()) {
      const auto value = json::parse(before->second, nullptr, false);
      if (value.is_object() && value.contains("layers") && value["layers"].is_object())
        for (const auto& [layer, entry] : value["layers"].items()) {
          // Some writers leave the prefix out.
          for (const auto* prefix : {"", "model.diffusion_model.", "diffusion_model."})
            if (keys.contains(prefix + layer + ".weight")) entries[prefix + layer] = entry;
        }
    }
    for (const auto* tensor : output_.tensors) {
      if (tensor->action == Action::Copy) continue;
      const auto layer = tensor->key.substr(0, tensor->key.size() - std::string_view(".weight").size());
      entries.erase(layer);
      if (tensor->look.format == Format::Unquantized) continue;
      if (auto entry = weights::quantization_entry(tensor->look); !entry.is_null())
        entries[layer] = std::move(entry);
    }
    if (entries.empty()) {
      metadata.erase(std::string(kQuantizationMetadata));
      return;
    }
    metadata[std::string(kQuantizationMetadata)] =
        json{{"format_version", "1.0"}, {"layers", entries}}.dump();
  }

  /// Every byte against what was written, every layer through the door that loads use, against its source.
  void verify(const fs::path& path) {
    const io::TensorFile file(path);
    for (const auto& [name, sum] : checksums_) {
      monitor_.checkpoint();
      const auto& entry = *file.find(name);
      if (io::checksum(file.data(entry)) != sum)
        fail(Status::FileCorrupt,
             "'{}': tensor '{}' does not read back as it was written. Check the disk and convert again.",
             output_.path.string(), name);
      const uint64_t bytes = file.data(entry).size();
      file.release(entry);
      advance(bytes);
    }
    const weights::Checkpoint checkpoint(path);
    for (const auto& component : plan_.components) verify(checkpoint, *component);
  }

  void verify(const weights::Checkpoint& checkpoint, const PlannedComponent& component) {
    const auto concerns = [&](const PlannedTensor* tensor) {
      return tensor->component == &component && is_measured(*tensor);
    };
    if (std::none_of(output_.tensors.begin(), output_.tensors.end(), concerns)) return;
    const auto part = checkpoint.open(component.component, component.config);
    std::map<std::string, LayerReport> reports;
    for (auto& layer : report_.layers())
      if (layer.component == component.context->component) reports[layer.name] = std::move(layer);
    for (const auto* tensor : output_.tensors) {
      if (!concerns(tensor)) continue;
      monitor_.checkpoint();
      const auto weight = tensor->layer + ".weight";
      const auto* info = part.view.store().find(weight);
      if (!info || info->format != tensor->look.format)
        fail(Status::Internal, "'{}': layer '{}' was written as {} and reads back as {}. Report this.",
             output_.path.string(), tensor->layer, formats::name_of(tensor->look.format),
             info ? formats::name_of(info->format) : "nothing");
      const auto stored = part.view.store().parts(weight).stored.value();
      auto& report = reports[tensor->layer];
      if (!stored.pre_quant_scale.defined())  // else the codes alone are not the weight
        report.error = weight_error(component.store->read(weight), stored.matrix);
      component.store->release(weight);
      report.stored = tensor->stored;
      report_.add(report);
      advance(tensor->bytes);
    }
  }

  const Plan& plan_;
  const Output& output_;
  const ConvertOptions& options_;
  Report& report_;
  Monitor& monitor_;
  Progress& progress_;
  std::map<const io::TensorFile*, std::shared_ptr<const weights::GgufStore>> blocks_;
  std::map<std::string, uint64_t> checksums_;
};

void check_outputs(const Plan& plan, const std::vector<Output>& outputs, bool overwrite) {
  std::map<fs::path, fs::path> sources;  // by target
  for (const auto& output : outputs) {
    const auto& source = plan.files[output.source]->path();
    const auto [other, free] = sources.emplace(output.path, source);
    if (!free)
      fail(Status::InvalidArgument,
           "'{}' and '{}' would both be written to '{}'. Give one of them another name.",
           other->second.string(), source.string(), output.path.string());
    std::error_code error;
    if (fs::exists(output.path, error) && !overwrite)
      fail(Status::InvalidArgument, "output '{}' exists. Choose another name or set overwrite.",
           output.path.string());
    for (const auto& file : plan.files)
      if (fs::equivalent(file->path(), output.path, error))
        fail(Status::InvalidArgument, "output '{}' is the file that is converted. Choose another name.",
             output.path.string());
  }
}

}  // namespace

struct Converter::Work {
  Work(const std::vector<fs::path>& sources, const fs::path& output, const ConvertOptions& given)
      : options(given), checkpoint(sources) {
    plan = make_plan(checkpoint, options, report);
    outputs = outputs_of(plan, output, options.split, options.join);
    check_outputs(plan, outputs, options.overwrite);
    for (const auto& file : outputs) targets.push_back(file.path);
    for (const auto& tensor : plan.tensors) bytes += work_of(tensor, options.verify);
  }

  ConvertOptions options;
  weights::Checkpoint checkpoint;
  std::shared_ptr<Report> report = std::make_shared<Report>();
  Plan plan;
  std::vector<Output> outputs;
  std::vector<fs::path> targets;
  uint64_t bytes = 0;
};

Converter::Converter(const std::vector<fs::path>& sources, const fs::path& output,
                     const ConvertOptions& options) {
  if (options.split && sources.size() > 1)
    fail(Status::InvalidArgument, "split takes one file apart, found {} files. Convert each by itself.",
         sources.size());
  work_ = std::make_unique<const Work>(sources, output, options);
}

Converter::~Converter() = default;
Converter::Converter(Converter&&) noexcept = default;
Converter& Converter::operator=(Converter&&) noexcept = default;

const std::vector<fs::path>& Converter::targets() const {
  return work_->targets;
}

uint64_t Converter::bytes() const {
  return work_->bytes;
}

Conversion Converter::run(Monitor& monitor) const {
  const auto& work = *work_;
  Conversion result;
  result.report = work.report;
  Progress progress;
  progress.phase = Phase::Convert;
  progress.bytes_total = work.bytes;
  for (const auto& file : work.outputs)
    result.files.push_back(
        FileConversion(work.plan, file, work.options, *result.report, monitor, progress).run());
  result.warnings = work.plan.warnings;
  const auto more = result.report->warnings();
  result.warnings.insert(result.warnings.end(), more.begin(), more.end());
  const auto lost = survival_warnings(result.report->fusions());
  result.warnings.insert(result.warnings.end(), lost.begin(), lost.end());
  return result;
}

Conversion convert(const std::vector<fs::path>& sources, const fs::path& output,
                   const ConvertOptions& options, Monitor& monitor) {
  return Converter(sources, output, options).run(monitor);
}

}  // namespace ltx::quant
