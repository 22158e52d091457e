#include "weights/model_search.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "base/error.h"
#include "io/json.h"

namespace ltx::weights {
namespace {

namespace fs = std::filesystem;

struct Found {
  std::map<FileKind, std::vector<std::string>> files;
  std::vector<std::string> text_folders;
};

bool below(const fs::path& file, const std::string& folder) {
  const auto relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

/// A folder whose config.json names a Gemma model.
bool is_text_folder(const fs::path& config) {
  nlohmann::json value;
  std::string reason;
  if (!io::try_parse_json(io::read_text_file(config), value, reason) || !value.is_object()) return false;
  const auto type = value.find("model_type");
  return type != value.end() && type->is_string() && type->get<std::string>().starts_with("gemma");
}

Found look_into(const fs::path& root, std::vector<std::string>& warnings) {
  std::vector<fs::path> configs, weights;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with(".")) {
      if (at->is_directory(error)) at.disable_recursion_pending();
      continue;
    }
    if (at->path().filename() == "config.json") configs.push_back(at->path());
    if (const auto ending = at->path().extension(); ending == ".safetensors" || ending == ".gguf")
      weights.push_back(at->path());
  }
  if (error)
    fail(Status::FileAccess, "model folder '{}' cannot be searched: {}.", root.string(), error.message());
  std::sort(configs.begin(), configs.end());
  std::sort(weights.begin(), weights.end());

  Found found;
  for (const auto& config : configs)
    if (is_text_folder(config)) found.text_folders.push_back(config.parent_path().string());
  for (const auto& file : weights) {
    if (std::any_of(found.text_folders.begin(), found.text_folders.end(),
                    [&](const auto& folder) { return below(file, folder) && fs::path(folder) != root; }))
      continue;
    try {
      found.files[classify(*io::TensorFile::open(file))].push_back(file.string());
    } catch (const Error& problem) {
      warnings.push_back(std::string("passed over: ") + problem.what());
    }
  }
  return found;
}

/// The one candidate for a slot, "" if there is none.
std::string choose(std::vector<std::string> candidates, const std::string& root, const char* slot) {
  if (candidates.empty()) return "";
  if (candidates.size() == 1) return candidates.front();
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(candidates.size(), 5); ++i)
    list += (i ? ", '" : "'") + candidates[i] + "'";
  fail(Status::InvalidArgument,
       "model folder '{}' holds {} files that could be '{}': {}. Set the model path '{}'.", root,
       candidates.size(), slot, list, slot);
}

/// Keeps the candidates that fulfil a wish, if any does.
template <class Wish>
std::vector<std::string> prefer(std::vector<std::string> candidates, Wish wish) {
  std::vector<std::string> wanted;
  if (candidates.size() > 1)
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(wanted), wish);
  return wanted.empty() ? candidates : wanted;
}

bool doubles_the_picture(const std::string& path) {
  const auto file = io::TensorFile::open(path);
  const auto config = Metadata(file->metadata(), path).config();
  for (const auto* key : {"spatial_scale", "rational_spatial_scale"})
    if (const auto found = config.find(key); found != config.end() && found->is_number())
      return found->get<double>() == 2.0;
  return true;
}

}  // namespace

ModelPaths search_root(ModelPaths paths, std::optional<bool> distilled, std::vector<std::string>& warnings) {
  if (paths.root.empty()) return paths;
  std::error_code error;
  if (!fs::exists(paths.root, error))
    fail(Status::FileNotFound, "model folder '{}' does not exist. Check models.root.", paths.root);
  if (!fs::is_directory(paths.root, error))
    fail(Status::FileFormat,
         "'{}': expected a folder as models.root, found a file. Set models.checkpoint to name a file.",
         paths.root);
  auto found = look_into(paths.root, warnings);
  const auto by_model = [&](std::vector<std::string> candidates) {
    if (!distilled) return candidates;
    return prefer(std::move(candidates),
                  [&](const std::string& path) { return name_suggests_distilled(path) == *distilled; });
  };
  if (paths.checkpoint.empty() && paths.transformer.empty()) {
    paths.checkpoint = choose(by_model(found.files[FileKind::Monolith]), paths.root, "checkpoint");
    if (paths.checkpoint.empty())
      paths.transformer = choose(by_model(found.files[FileKind::Transformer]), paths.root, "transformer");
  }
  if (paths.checkpoint.empty()) {
    auto video = found.files[FileKind::VideoVae];
    const auto& diffusion = found.files[FileKind::DiffusionVideoVae];
    video.insert(video.end(), diffusion.begin(), diffusion.end());
    if (paths.video_vae.empty()) paths.video_vae = choose(std::move(video), paths.root, "video_vae");
    if (paths.audio_vae.empty())
      paths.audio_vae = choose(found.files[FileKind::AudioVae], paths.root, "audio_vae");
  }
  if (paths.duration_head.empty())
    paths.duration_head = choose(found.files[FileKind::DurationHead], paths.root, "duration_head");
  if (paths.text_encoder.empty()) {
    auto text = found.text_folders;
    const auto& packed = found.files[FileKind::PackedTextEncoder];
    text.insert(text.end(), packed.begin(), packed.end());
    paths.text_encoder = choose(std::move(text), paths.root, "text_encoder");
  }
  std::vector<std::string> spatial, temporal;
  for (const auto& path : found.files[FileKind::Upsampler])
    (is_temporal_upsampler(*io::TensorFile::open(path)) ? temporal : spatial).push_back(path);
  if (paths.spatial_upsampler.empty())
    paths.spatial_upsampler =
        choose(prefer(std::move(spatial), doubles_the_picture), paths.root, "spatial_upsampler");
  if (paths.temporal_upsampler.empty())
    paths.temporal_upsampler = choose(std::move(temporal), paths.root, "temporal_upsampler");
  return paths;
}

}  // namespace ltx::weights
