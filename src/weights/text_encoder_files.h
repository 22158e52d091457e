// A text encoder on disk: a folder as published by its maker, or one packed file (spec 01 §4.3).
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weights/checkpoint.h"

namespace ltx::weights {

class TextEncoderFiles {
 public:
  /// A folder, searched recursively, or a packed `.safetensors` file. Throws FileNotFound naming what is
  /// missing, FileFormat, ModelConfig.
  explicit TextEncoderFiles(const std::filesystem::path& path, const StoredOverrides& overrides = {});

  const std::filesystem::path& path() const { return path_; }
  bool packed() const { return packed_; }
  const nlohmann::json& config() const { return config_; }
  std::string model_type() const { return config_.at("model_type").get<std::string>(); }
  /// The bytes of tokenizer.json.
  const std::string& tokenizer_json() const { return tokenizer_json_; }
  /// A file beside the weights ("tokenizer_config.json", "chat_template.jinja"); nullptr where there is none.
  const std::string* sidecar(std::string_view name) const;
  nlohmann::json tokenizer_config() const;
  const std::vector<std::filesystem::path>& weight_files() const { return weight_files_; }

  /// The weights: `language_model.`, `vision_tower.`, `projector.` …; the config is that of the folder.
  Part open() const;
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void read_folder();
  void read_packed();
  void check_index(const std::filesystem::path& folder) const;

  std::filesystem::path path_;
  StoredOverrides overrides_;
  bool packed_ = false;
  nlohmann::json config_;
  std::string tokenizer_json_;
  std::map<std::string, std::string, std::less<>> sidecars_;
  std::vector<std::filesystem::path> weight_files_;
  std::vector<std::string> warnings_;
};

}  // namespace ltx::weights
