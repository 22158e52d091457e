#include "weights/model_files.h"

#include <algorithm>

#include "base/error.h"
#include "weights/cross_check.h"
#include "weights/model_search.h"

namespace ltx::weights {
namespace {

using nlohmann::json;

/// The field of a caller's model paths that provides a component.
const char* slot_of(Component component) {
  switch (component) {
    case Component::Transformer:
    case Component::Embeddings:
      return "checkpoint";
    case Component::VideoEncoder:
    case Component::VideoDecoder:
      return "video_vae";
    case Component::AudioEncoder:
    case Component::AudioDecoder:
    case Component::Vocoder:
      return "audio_vae";
    case Component::Upsampler:
      return "spatial_upsampler";
    case Component::DurationHead:
      return "duration_head";
    case Component::TextEncoder:
      return "text_encoder";
  }
  return "";
}

std::string shown(const json& value) {
  return value.is_null() ? "none" : "'" + text_of(value) + "'";
}

}  // namespace

std::string check_text_encoder_pairing(const Metadata& model, const json& text_config,
                                       const std::string& text_path) {
  const auto version_entry = text_config.find("gemma_version");
  const json found = version_entry == text_config.end() ? json() : *version_entry;
  const auto declared = model.value("gemma_source_checkpoint");
  if (!declared.is_null()) {
    if (!declared.is_object())
      fail(Status::ModelConfig,
           "'{}': metadata 'gemma_source_checkpoint': expected a JSON object, found {}. Use an unmodified "
           "file.",
           model.file(), declared.type_name());
    const json expected = declared.value("gemma_version", json());
    if (text_of(expected) != text_of(found))
      fail(Status::ModelVersion,
           "'{}' was trained with text encoder version {}, '{}' is version {}. Use the text encoder of the "
           "model's release.",
           model.file(), shown(expected), text_path, shown(found));
    return "";
  }
  if (model.pairing_version() >= Version{2, 4, 0}) {
    if (found.is_null())
      return fmt::format(
          "'{}' (version {}) does not say which text encoder it was trained with; '{}' is used unchecked",
          model.file(), model.text("model_version"), text_path);
    fail(Status::ModelVersion,
         "'{}' (version {}): expected metadata 'gemma_source_checkpoint' to name text encoder version {} of "
         "'{}', found none. Use the "
         "published file of the model.",
         model.file(), model.text("model_version"), shown(found), text_path);
  }
  const auto type = text_of(text_config.value("model_type", json()));
  if (type != "gemma3")
    fail(Status::ModelVersion,
         "'{}' (version {}) needs a text encoder of model_type 'gemma3', '{}' is '{}'. Use Gemma 3 12B with "
         "this model.",
         model.file(), model.text("model_version").empty() ? "2.0" : model.text("model_version"), text_path,
         type);
  return "";
}

ModelFiles::ModelFiles(const ModelPaths& paths, std::optional<bool> distilled) {
  paths_ = search_root(paths, distilled, warnings_);
  using enum FileKind;
  checkpoint_ = open_slot(
      paths_.checkpoint, "checkpoint",
      {Monolith, Transformer, VideoVae, DiffusionVideoVae, AudioVae, Vocoder, TextProjections, Unknown});
  transformer_ = open_slot(paths_.transformer, "transformer", {Transformer, Monolith});
  video_vae_ = open_slot(paths_.video_vae, "video_vae", {VideoVae, DiffusionVideoVae, Monolith});
  audio_vae_ = open_slot(paths_.audio_vae, "audio_vae", {AudioVae, Vocoder, Monolith});
  duration_head_ = open_slot(paths_.duration_head, "duration_head", {DurationHead, Transformer, Monolith});
  spatial_upsampler_ = open_slot(paths_.spatial_upsampler, "spatial_upsampler", {Upsampler});
  temporal_upsampler_ = open_slot(paths_.temporal_upsampler, "temporal_upsampler", {Upsampler});
  if (spatial_upsampler_ && is_temporal_upsampler(*spatial_upsampler_->files().front()))
    fail(Status::FileFormat,
         "models.spatial_upsampler '{}': expected a spatial upsampler, found a temporal one. Set "
         "models.temporal_upsampler.",
         paths_.spatial_upsampler);
  if (temporal_upsampler_ && !is_temporal_upsampler(*temporal_upsampler_->files().front()))
    fail(Status::FileFormat,
         "models.temporal_upsampler '{}': expected a temporal upsampler, found a spatial one. Set "
         "models.spatial_upsampler.",
         paths_.temporal_upsampler);
  if (!paths_.text_encoder.empty()) {
    text_encoder_ = std::make_shared<const TextEncoderFiles>(paths_.text_encoder, paths_.stored);
    warnings_.insert(warnings_.end(), text_encoder_->warnings().begin(), text_encoder_->warnings().end());
  }
  // The projections of a split pack lie in the text encoder's file; the first file gives config and metadata
  // (spec 01 §4.6).
  // A GGUF file holds the transformer alone, often without a word about it: the checkpoint beside it speaks.
  const bool bare = checkpoint_ && transformer_ && !transformer_->has(Component::Embeddings) &&
                    !transformer_->metadata().has_config();
  if (const auto& main = transformer_ && !bare ? transformer_ : checkpoint_) {
    std::vector<std::filesystem::path> files{main->path()};
    if (text_encoder_ && text_encoder_->packed()) files.emplace_back(paths_.text_encoder);
    embeddings_ = std::make_shared<const Checkpoint>(files, paths_.stored);
    if (!embeddings_->has(Component::Embeddings) && transformer_ && checkpoint_)
      embeddings_ =
          std::make_shared<const Checkpoint>(std::vector{main->path(), checkpoint_->path()}, paths_.stored);
  }
  for (const auto component : all_components())
    if (const auto* file = source(component); file && file->has(component))
      for (auto& warning : file->warnings(component)) warnings_.push_back(std::move(warning));
}

std::shared_ptr<const Checkpoint> ModelFiles::open_slot(const std::string& path, const char* slot,
                                                        std::initializer_list<FileKind> kinds) const {
  if (path.empty()) return nullptr;
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    fail(Status::FileFormat,
         "models.{} '{}': expected a .safetensors file, found a folder. Set models.root to search a folder.",
         slot, path);
  auto file = std::make_shared<const Checkpoint>(std::filesystem::path(path), paths_.stored);
  if (std::find(kinds.begin(), kinds.end(), file->kind()) == kinds.end())
    fail(Status::FileFormat,
         "models.{} '{}': expected a {}, found a {}. Set the model path of that kind instead.", slot, path,
         name_of(*kinds.begin()), name_of(file->kind()));
  return file;
}

const Checkpoint* ModelFiles::source(Component component) const {
  const auto either = [&](const std::shared_ptr<const Checkpoint>& own) {
    return own ? own.get() : checkpoint_.get();
  };
  switch (component) {
    case Component::Transformer:
      return either(transformer_);
    case Component::Embeddings:
      return embeddings_.get();
    case Component::VideoEncoder:
    case Component::VideoDecoder:
      return either(video_vae_);
    case Component::AudioEncoder:
    case Component::AudioDecoder:
    case Component::Vocoder:
      return either(audio_vae_);
    case Component::DurationHead:
      return either(duration_head_);
    case Component::Upsampler:
      return spatial_upsampler_.get();
    case Component::TextEncoder:
      return nullptr;
  }
  return nullptr;
}

bool ModelFiles::has(Component component) const {
  if (component == Component::TextEncoder) return text_encoder_ != nullptr;
  const auto* file = source(component);
  return file && file->has(component);
}

/// An extract without configuration borrows that of the model's main file (spec 01 §4.5).
json ModelFiles::borrowed_config(Component component) const {
  const auto& main = checkpoint_ ? checkpoint_ : transformer_;
  const auto section = config_section(component);
  return main && !section.empty() ? main->metadata().section(section) : json();
}

Part ModelFiles::open(Component component) const {
  if (component == Component::TextEncoder) return text_encoder().open();
  const auto* file = source(component);
  if (!has(component))
    fail(Status::ComponentMissing, "{} is missing: {}. Set models.{}.", name_of(component),
         file ? fmt::format("'{}' ({}) does not contain it", file->path().string(), name_of(file->kind()))
         : paths_.root.empty() ? std::string("no file was given")
                               : fmt::format("no file in '{}' contains it", paths_.root),
         slot_of(component));
  auto part = file->open(component, borrowed_config(component));
  const bool needs_config = component == Component::Transformer || component == Component::Embeddings;
  if (part.config.is_null() && needs_config) file->metadata().require_section(config_section(component));
  if (component == Component::Transformer)
    check_transformer_config(part.config, part.view.store(), part.file);
  return part;
}

Part ModelFiles::open_temporal_upsampler() const {
  if (!temporal_upsampler_)
    fail(Status::ComponentMissing,
         "the temporal upsampler is missing: no file was given. Set models.temporal_upsampler.");
  return temporal_upsampler_->open(Component::Upsampler);
}

const TextEncoderFiles& ModelFiles::text_encoder() const {
  if (!text_encoder_)
    fail(Status::ComponentMissing, "text_encoder is missing: {}. Set models.text_encoder to a Gemma folder.",
         paths_.root.empty() ? std::string("no folder was given")
                             : fmt::format("no Gemma folder lies in '{}'", paths_.root));
  return *text_encoder_;
}

const Metadata& ModelFiles::metadata(Component component) const {
  static const Metadata none;
  const auto* file = source(component);
  if (file && file == transformer_.get() && checkpoint_ && !file->metadata().has_config())
    return checkpoint_->metadata();  // whose config the file borrows
  return file ? file->metadata() : none;
}

VersionDefaults ModelFiles::defaults() const {
  auto defaults = version_defaults(metadata(Component::Transformer).model_version());
  defaults.image_crf = version_defaults(metadata(Component::VideoEncoder).model_version()).image_crf;
  return defaults;
}

std::string ModelFiles::check_pairing() const {
  if (!embeddings_ || !text_encoder_) return "";
  return check_text_encoder_pairing(embeddings_->metadata(), text_encoder_->config(), paths_.text_encoder);
}

}  // namespace ltx::weights
