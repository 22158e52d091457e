// The command line as the structs of ltx_c.h: one flag per field, in kebab case.
#pragma once
#include <CLI/CLI.hpp>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "ltx.hpp"

namespace cli {

/// A mistake in the command line: exit code 2.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Words "key=value" after an element of an array.
class tail {
 public:
  /// The words from `from` on; `what` names the flag in messages.
  tail(const std::vector<std::string>& words, size_t from, std::string what);

  void take(const char* key, int32_t& field);
  void take(const char* key, float& field);
  void take(const char* key, double& field);
  void take(const char* key, ltx_enum type, int32_t& field);
  std::string take_text(const char* key);
  /// Throws if a key was not taken.
  void finish() const;

 private:
  std::string what_;
  std::map<std::string, std::string> values_;
};

/// Everything that `generate` needs; the structs point into this object.
class options {
 public:
  options();
  options(const options&) = delete;
  options& operator=(const options&) = delete;

  void add_to(CLI::App& app);
  /// What a conversion takes: files, policies, device.
  void add_conversion_to(CLI::App& app);
  /// After parsing: fills pointers, arrays and texts.
  void finish();

  ltx_pipeline_params params;
  ltx_request request;
  ltx_output output;
  std::string output_path;

 private:
  using elements = std::vector<std::vector<std::string>>;

  void add_models(CLI::App& app);
  void add_params(CLI::App& app);
  void add_quantization(CLI::App& app);
  void add_request(CLI::App& app);
  void add_enum(CLI::App& app, const char* flag, ltx_enum type, int32_t& field, const char* help);
  void add_text(CLI::App& app, const char* flag, const char*& field, const char* help);
  const char* keep(std::string text);

  struct text_flag {
    std::string value;
    const char** field;
    CLI::Option* option;
  };

  ltx_model_paths models_;
  ltx_quant_options quant_options_, text_quant_options_;
  ltx_tiling tiling_;
  ltx_guidance guidance_[2];
  std::vector<int32_t> stg_blocks_[2], keep_blocks_;
  std::vector<ltx_lora> loras_;
  std::vector<ltx_quant_rule> rules_;
  std::vector<ltx_component_residency> residency_;
  std::vector<ltx_image_condition> images_;
  std::vector<ltx_video_condition> videos_;
  ltx_audio_condition audio_;
  std::vector<float> stage_1_sigmas_, stage_2_sigmas_;
  std::vector<int32_t> keyframes_;
  int keyframe_count_ = 0;

  elements lora_words_, rule_words_, residency_words_, image_words_, video_words_;
  std::vector<std::string> guidance_words_[2], tiling_words_, audio_words_;
  std::string device_ = "auto", device_limit_, host_limit_, keep_words_;
  std::deque<text_flag> text_flags_;
  std::deque<std::string> texts_;
};

/// "20GiB", "512MB", "1000" as bytes.
uint64_t parse_bytes(const std::string& text);

}  // namespace cli
