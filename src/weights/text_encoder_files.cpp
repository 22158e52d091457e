#include "weights/text_encoder_files.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "io/json.h"

namespace ltx::weights {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// All regular files below a folder, sorted, so that the choice among several is the same everywhere. What
/// begins with a dot is some tool's own: the download cache in `.cache` has files of the same names.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with("."))
      at.disable_recursion_pending();
    else if (at->is_regular_file(ignored))
      files.push_back(at->path());
  }
  if (error) fail(Status::FileAccess, "'{}' cannot be searched: {}.", folder.string(), error.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// Bytes of a 1-D byte tensor; other integer dtypes count value by value, modulo 256.
std::string bytes_of(const io::TensorFile& file, const std::string& name, const io::TensorEntry& entry) {
  const auto data = file.data(entry);
  const int bits = io::bits_of(entry.dtype);
  const bool integer = entry.dtype.starts_with("U") || entry.dtype.starts_with("I");
  if (!integer || bits == 0)
    fail(Status::TensorMismatch,
         "'{}': tensor '{}': expected bytes (U8), found {}. Use a text encoder file packed for LTX-2.5.",
         file.path().string(), name, entry.dtype);
  const size_t step = static_cast<size_t>(bits) / 8;
  std::string bytes;
  bytes.reserve(data.size() / step);
  for (size_t i = 0; i < data.size(); i += step)
    bytes.push_back(static_cast<char>(data[i]));  // little endian: the low byte
  return bytes;
}

void require_model_type(const json& config, const std::string& where) {
  const auto found = config.is_object() ? config.find("model_type") : config.end();
  if (!config.is_object() || found == config.end() || !found->is_string())
    fail(Status::ModelConfig,
         "{}: key 'model_type': expected a string, found {}. Use the config of a Gemma 3 or Gemma 4 model.",
         where,
         config.is_object() ? (found == config.end() ? "none" : found->type_name()) : config.type_name());
}

}  // namespace

TextEncoderFiles::TextEncoderFiles(const fs::path& path, const StoredOverrides& overrides)
    : path_(path), overrides_(overrides) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    read_folder();
  } else {
    if (!fs::exists(path, error))
      fail(Status::FileNotFound, "text encoder '{}' does not exist. Give a Gemma folder or a packed file.",
           path.string());
    if (path.extension() != ".safetensors")
      fail(Status::FileFormat,
           "text encoder '{}': expected a folder or a .safetensors file, found another file. Give a Gemma "
           "folder or a packed file.",
           path.string());
    packed_ = true;
    read_packed();
  }
}

void TextEncoderFiles::read_folder() {
  const auto files = files_below(path_);
  const auto first = [&](const std::string& name) -> fs::path {
    fs::path found;
    size_t count = 0;
    for (const auto& file : files)
      if (file.filename() == name) {
        if (count++ == 0) found = file;
      }
    if (count > 1)
      warnings_.push_back(
          fmt::format("'{}' holds {} files '{}'; '{}' is used", path_.string(), count, name, found.string()));
    return found;
  };
  const auto config = first("config.json"), tokenizer = first("tokenizer.json");
  for (const auto& [found, name] : {std::pair{config, "config.json"}, {tokenizer, "tokenizer.json"}})
    if (found.empty())
      fail(Status::FileNotFound,
           "text encoder folder '{}': expected '{}', found none. Download the complete Gemma folder.",
           path_.string(), name);
  config_ = io::read_json_file(config);
  require_model_type(config_, "'" + config.string() + "'");
  tokenizer_json_ = io::read_text_file(tokenizer);
  for (const std::string extension : {".json", ".jinja"})
    for (const auto& file : files) {
      const auto name = file.filename().string();
      if (file.extension() != extension || name == "config.json" || name == "tokenizer.json" ||
          name.ends_with(".index.json"))
        continue;
      if (!sidecars_.contains(name)) sidecars_[name] = io::read_text_file(file);
    }
  if (!sidecars_.contains("tokenizer_config.json"))
    fail(Status::FileNotFound,
         "text encoder folder '{}': expected 'tokenizer_config.json', found none. Download the complete "
         "Gemma folder.",
         path_.string());

  const auto shard = std::find_if(files.begin(), files.end(), [](const fs::path& file) {
    return file.extension() == ".safetensors" && file.filename().string().starts_with("model");
  });
  if (shard == files.end())
    fail(Status::FileNotFound,
         "text encoder folder '{}': expected 'model*.safetensors', found none. Download the complete Gemma "
         "folder.",
         path_.string());
  const auto folder = shard->parent_path();
  for (const auto& file : files) {
    const auto relative = file.lexically_relative(folder);
    if (file.extension() == ".safetensors" && !relative.empty() && *relative.begin() != "..")
      weight_files_.push_back(file);
  }
  check_index(folder);
}

// The index is not needed to load; it is what tells a missing shard from a model that has fewer tensors.
void TextEncoderFiles::check_index(const fs::path& folder) const {
  const auto path = folder / "model.safetensors.index.json";
  std::error_code error;
  if (!fs::exists(path, error)) return;
  const auto index = io::read_json_file(path);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object())
    fail(Status::FileCorrupt, "'{}': expected an object 'weight_map', found none. Download the file again.",
         path.string());
  std::map<std::string, std::vector<std::string>> absent;  // shard → tensors
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string())
      fail(Status::FileCorrupt,
           "'{}': weight_map '{}': expected a file name, found {}. Download the file again.", path.string(),
           tensor, shard.type_name());
    const auto name = shard.get<std::string>();
    if (!fs::exists(folder / name, error)) absent[name].push_back(tensor);
  }
  if (absent.empty()) return;
  // An index that outlived a re-saved model: everything it lists is there under other file names.
  std::set<std::string, std::less<>> present;
  for (const auto& path_of_file : weight_files_) {
    const auto file = io::TensorFile::open(path_of_file);
    for (const auto& [name, entry] : file->tensors()) present.insert(name);
  }
  for (const auto& [shard, tensors] : absent)
    for (const auto& tensor : tensors)
      if (!present.contains(tensor))
        fail(Status::FileNotFound,
             "text encoder folder '{}': shard '{}' with {} tensors (for example '{}') is listed in the index "
             "and missing. Download it.",
             folder.string(), shard, tensors.size(), tensor);
}

void TextEncoderFiles::read_packed() {
  const auto file = io::TensorFile::open(path_);
  const Metadata metadata(file->metadata(), path_.string());
  weight_files_ = {path_};
  config_ = metadata.value("gemma_config");
  if (config_.is_null()) {
    fail(Status::FileFormat,
         "'{}' is a {}: expected a packed text encoder with metadata 'gemma_config', found none. Give a "
         "Gemma folder or a packed file.",
         path_.string(), name_of(classify(*file)));
  }
  require_model_type(config_, "'" + path_.string() + "': metadata 'gemma_config'");
  const auto* tokenizer = file->find("tokenizer_json");
  if (!tokenizer)
    fail(Status::TensorMissing,
         "'{}': tensor 'tokenizer_json' is missing. Use a text encoder file packed for LTX-2.5.",
         path_.string());
  tokenizer_json_ = bytes_of(*file, "tokenizer_json", *tokenizer);
  constexpr std::string_view kAsset = "hf_asset__";
  for (const auto& [name, entry] : file->tensors())
    if (name.starts_with(kAsset)) sidecars_[name.substr(kAsset.size())] = bytes_of(*file, name, entry);
  for (const std::string name :
       {"tokenizer_config.json", "processor_config.json", "chat_template.jinja", "generation_config.json"})
    if (!sidecars_.contains(name) && metadata.raw().contains(name)) sidecars_[name] = metadata.raw(name);
  if (!sidecars_.contains("tokenizer_config.json"))
    fail(Status::TensorMissing,
         "'{}': tensor 'hf_asset__tokenizer_config.json' is missing. Use a text encoder file packed for "
         "LTX-2.5.",
         path_.string());
}

const std::string* TextEncoderFiles::sidecar(std::string_view name) const {
  const auto found = sidecars_.find(name);
  return found == sidecars_.end() ? nullptr : &found->second;
}

json TextEncoderFiles::tokenizer_config() const {
  return io::parse_json(*sidecar("tokenizer_config.json"),
                        "'tokenizer_config.json' of '" + path_.string() + "'");
}

Part TextEncoderFiles::open() const {
  auto part = Checkpoint(weight_files_, overrides_).open(Component::TextEncoder);
  part.config = config_;
  part.file = path_.string();
  return part;
}

}  // namespace ltx::weights
