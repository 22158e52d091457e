#include "options.h"

#include <cctype>
#include <cmath>
#include <fstream>
#include <sstream>

namespace cli {
namespace {

template <class Number>
Number number(const std::string& what, const std::string& text) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  Number value{};
  if (!(stream >> value) || !stream.eof()) throw usage_error(what + ": '" + text + "' is not a number");
  return value;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

/// "@file" is the file's content, without the newline at its end.
std::string text_of(const std::string& value) {
  if (value.empty() || value[0] != '@') return value;
  std::ifstream file(value.substr(1), std::ios::binary);
  if (!file) throw usage_error("cannot read '" + value.substr(1) + "'");
  std::ostringstream content;
  content << file.rdbuf();
  std::string text = content.str();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::string kebab_choices(ltx_enum type) {
  std::string list;
  for (int32_t value = 0; value < 64; ++value)
    if (const char* text = ltx_enum_name(type, value)) list += (list.empty() ? "" : "|") + std::string(text);
  return list;
}

}  // namespace

tail::tail(const std::vector<std::string>& words, size_t from, std::string what) : what_(std::move(what)) {
  for (size_t i = from; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    if (equals == std::string::npos)
      throw usage_error(what_ + ": '" + words[i] + "' is not of the form key=value");
    values_[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  }
}

std::string tail::take_text(const char* key) {
  auto node = values_.extract(key);
  return node.empty() ? std::string() : node.mapped();
}

void tail::take(const char* key, int32_t& field) {
  if (const std::string text = take_text(key); !text.empty())
    field = number<int32_t>(what_ + " " + key, text);
}

void tail::take(const char* key, float& field) {
  if (const std::string text = take_text(key); !text.empty()) field = number<float>(what_ + " " + key, text);
}

void tail::take(const char* key, double& field) {
  if (const std::string text = take_text(key); !text.empty()) field = number<double>(what_ + " " + key, text);
}

void tail::take(const char* key, ltx_enum type, int32_t& field) {
  if (const std::string text = take_text(key); !text.empty()) field = ltx::parse(type, text);
}

void tail::finish() const {
  if (!values_.empty()) throw usage_error(what_ + ": unknown key '" + values_.begin()->first + "'");
}

uint64_t parse_bytes(const std::string& text) {
  size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) || text[digits] == '.'))
    ++digits;
  const std::string unit = text.substr(digits);
  const std::map<std::string, double> units = {{"", 1},         {"B", 1},       {"kB", 1e3},
                                               {"MB", 1e6},     {"GB", 1e9},    {"KiB", 0x1p10},
                                               {"MiB", 0x1p20}, {"GiB", 0x1p30}};
  const auto factor = units.find(unit);
  if (digits == 0 || factor == units.end())
    throw usage_error("'" + text + "' is not a size: use a number with B, kB, MB, GB, KiB, MiB or GiB");
  return static_cast<uint64_t>(number<double>("size", text.substr(0, digits)) * factor->second);
}

options::options()
    : params(ltx::make<ltx_pipeline_params>()),
      request(ltx::make<ltx_request>()),
      output(ltx::make<ltx_output>()),
      models_(ltx::make<ltx_model_paths>()),
      quant_options_(ltx::make<ltx_quant_options>()),
      text_quant_options_(ltx::make<ltx_quant_options>()),
      tiling_(ltx::make<ltx_tiling>()),
      guidance_{ltx::make<ltx_guidance>(), ltx::make<ltx_guidance>()},
      audio_(ltx::make<ltx_audio_condition>()) {
  params.kind = LTX_PIPELINE_DISTILLED;
}

const char* options::keep(std::string text) {
  return texts_.emplace_back(std::move(text)).c_str();
}

void options::add_enum(CLI::App& app, const char* flag, ltx_enum type, int32_t& field, const char* help) {
  app.add_option_function<std::string>(
         flag, [type, &field](const std::string& text) { field = ltx::parse(type, text); }, help)
      ->type_name(kebab_choices(type));
}

void options::add_text(CLI::App& app, const char* flag, const char*& field, const char* help) {
  text_flag& text = text_flags_.emplace_back();
  text.field = &field;
  text.option = app.add_option(flag, text.value, help)->type_name("TEXT");
}

void options::add_to(CLI::App& app) {
  add_models(app);
  add_params(app);
  add_quantization(app);
  add_request(app);
  app.add_option("-o,--output", output_path, "File to write: mp4, mov, mkv; wav for sound alone")
      ->type_name("PATH")
      ->group("Output");
  app.add_option("--video-crf", output.video_crf, "H.264 quality, lower is better (19)")->group("Output");
  app.add_option("--audio-bit-rate", output.audio_bit_rate, "bit/s (128000)")->group("Output");
  app.add_option("--write-exr", output.write_exr, "0 or 1")->group("Output");
  app.add_option("--embed-metadata", output.embed_metadata, "0 or 1 (1)")->group("Output");
}

void options::add_conversion_to(CLI::App& app) {
  add_models(app);
  auto& group = *app.add_option_group("Conversion");
  add_enum(group, "--quant", LTX_ENUM_QUANT, params.quant,
           "Policy of the transformer; auto: formats as stored");
  add_enum(group, "--text-quant", LTX_ENUM_QUANT, params.text_quant, "Policy of the text encoder");
  group.add_option("--device", device_, "Where weights are encoded: auto, cpu, cuda or cuda:N")
      ->type_name("DEVICE");
  add_enum(group, "--log-level", LTX_ENUM_LOG, params.log_level, "Lowest level shown (warning)");
  add_quantization(app);
}

void options::add_models(CLI::App& app) {
  const struct {
    const char* flag;
    const char*& field;
    const char* help;
  } slots[] = {
      {"--root", models_.root, "Folder searched by file contents; the slots below win"},
      {"--checkpoint", models_.checkpoint, "Everything but text"},
      {"--transformer", models_.transformer, "Transformer alone"},
      {"--text-encoder", models_.text_encoder, "Folder or file"},
      {"--video-vae", models_.video_vae, "Video VAE alone"},
      {"--audio-vae", models_.audio_vae, "Audio VAE alone"},
      {"--duration-head", models_.duration_head, "Duration head alone"},
      {"--spatial-upsampler", models_.spatial_upsampler, "Needed by two stages"},
      {"--temporal-upsampler", models_.temporal_upsampler, "Doubles the frame rate"},
      {"--prompt-enhancer", models_.prompt_enhancer, "Gemma 3 that rewrites prompts (the text encoder)"}};
  for (const auto& slot : slots) {
    add_text(app, slot.flag, slot.field, slot.help);
    text_flags_.back().option->type_name("PATH")->group("Models");
  }
  app.add_option("--lora", lora_words_, "PATH [strength=] [role=] [stages=]; may be repeated")
      ->type_name("PATH …")
      ->group("Models");
}

void options::add_params(CLI::App& app) {
  auto& group = *app.add_option_group("Pipeline");
  add_enum(group, "--pipeline", LTX_ENUM_PIPELINE, params.kind, "Recipe (distilled)");
  add_enum(group, "--quant", LTX_ENUM_QUANT, params.quant, "Policy of the transformer");
  add_enum(group, "--text-quant", LTX_ENUM_QUANT, params.text_quant, "Policy of the text models");
  add_enum(group, "--vae-quant", LTX_ENUM_QUANT, params.vae_quant, "Policy of the video VAE");
  add_enum(group, "--compute-dtype", LTX_ENUM_COMPUTE, params.compute_dtype, "Arithmetic (bf16)");
  group.add_option("--device", device_, "auto, cpu, cuda or cuda:N")->type_name("DEVICE");
  add_enum(group, "--memory-mode", LTX_ENUM_MEMORY, params.memory_mode, "Placement");
  add_enum(group, "--decoder-mode", LTX_ENUM_DECODER, params.decoder_mode, "Diffusion video decoder");
  group.add_option("--residency", residency_words_, "COMPONENT=LEVEL; may be repeated")
      ->type_name("COMPONENT=LEVEL");
  group.add_option("--device-memory-limit", device_limit_, "Bytes, or 20GiB")->type_name("SIZE");
  group.add_option("--host-memory-limit", host_limit_, "Bytes, or 64GiB")->type_name("SIZE");
  group.add_option("--max-batch-size", params.max_batch_size, "Guidance passes per call, 1 to 4 (1)");
  group.add_option("--prompt-cache-entries", params.prompt_cache_entries, "Encoded prompts kept (8)");
  add_enum(group, "--gpu-priority", LTX_ENUM_PRIORITY, params.gpu_priority, "Stream priority");
  add_enum(group, "--log-level", LTX_ENUM_LOG, params.log_level, "Lowest level shown (warning)");
  group.add_option("--cuda-graphs", params.cuda_graphs, "0 or 1");
  add_text(group, "--weight-cache", params.weight_cache, "Folder that keeps encoded weights");
  text_flags_.back().option->type_name("FOLDER");
}

void options::add_quantization(CLI::App& app) {
  auto& group = *app.add_option_group("Quantization");
  auto& o = quant_options_;
  group.add_flag("--measure-quantization", params.measure_quantization, "Weight error per layer");
  group.add_option("--quant-rule", rule_words_, "GLOB=FORMAT; may be repeated")->type_name("GLOB=FORMAT");
  add_enum(group, "--granularity", LTX_ENUM_GRANULARITY, o.granularity, "Scales per row or per tensor");
  add_enum(group, "--layer-set", LTX_ENUM_LAYERS, o.layer_set, "Layers of a block");
  add_enum(group, "--arithmetic", LTX_ENUM_ARITHMETIC, o.arithmetic, "How quantized layers multiply");
  add_enum(group, "--lora-order", LTX_ENUM_LORA_ORDER, o.lora_order, "When LoRAs are added");
  add_enum(group, "--lora-rounding", LTX_ENUM_ROUNDING, o.lora_rounding, "Of fp8-cast after a LoRA");
  add_enum(group, "--act-scale", LTX_ENUM_ACT_SCALE, o.act_scale, "Scale of quantized activations");
  group.add_option("--group-size", o.group_size, "int4: weights per scale (128)");
  group.add_option("--text-group-size", text_quant_options_.group_size, "The same of the text models");
  group.add_option("--fast-accum", o.fast_accum, "0 or 1: fp8 tensor cores");
  group.add_option("--keep-bf16-blocks", keep_words_, "Blocks left alone: 0,1,-2,-1 or edge4")
      ->type_name("LIST");
  add_text(group, "--calibration", o.calibration_path, "File of ltx calibrate");
  text_flags_.back().option->type_name("PATH");
  group.add_flag("--reference-compat", o.reference_compat, "The public reference's roundings");
}

void options::add_request(CLI::App& app) {
  auto& group = *app.add_option_group("Request");
  add_text(group, "-p,--prompt", request.prompt, "What to show, or @FILE");
  add_text(group, "--negative-prompt", request.negative_prompt, "What to avoid, or @FILE");
  add_text(group, "--text-embeddings", request.text_embeddings, "Encoded prompt instead of a prompt");
  group.add_option("--width", request.width, "Pixels, a multiple of 64 (one stage: 32)");
  group.add_option("--height", request.height, "Pixels, likewise");
  group.add_option("--num-frames", request.num_frames, "8k+1 (121)");
  group.add_option("--frame-rate", request.frame_rate, "Hz (24)");
  group.add_option("--seed", request.seed, "(10)");
  group.add_option("--min-seconds", request.min_seconds, "Of a predicted length");
  group.add_option("--max-seconds", request.max_seconds, "Of a predicted length");
  group.add_option("--num-inference-steps", request.num_inference_steps, "Stage 1");
  add_enum(group, "--sampler", LTX_ENUM_SAMPLER, request.sampler, "Stage 1");
  add_enum(group, "--noise-source", LTX_ENUM_NOISE, request.noise_source, "Generator that draws the noise");
  add_enum(group, "--color-space", LTX_ENUM_COLOR, request.color_space, "HDR");
  group.add_option("--stage-1-sigmas", stage_1_sigmas_, "Noise levels, the last 0")->delimiter(',');
  group.add_option("--stage-2-sigmas", stage_2_sigmas_, "Noise levels, the last 0")->delimiter(',');
  const char* guidance =
      "[cfg-scale=] [stg-scale=] [rescale-scale=] [modality-scale=] [skip-step=] [stg-blocks=28,29|none]";
  group.add_option("--video-guidance", guidance_words_[0], guidance)->type_name("KEY=VALUE …");
  group.add_option("--audio-guidance", guidance_words_[1], guidance)->type_name("KEY=VALUE …");
  group.add_option("--image", image_words_, "PATH [frame-index=] [strength=] [crf=]; may be repeated")
      ->type_name("PATH …");
  group.add_option("--video", video_words_, "PATH role= [frame-rate=] [strength=]; may be repeated")
      ->type_name("PATH …");
  group.add_option("--audio", audio_words_, "PATH [start-time=] [max-duration=]")->type_name("PATH …");
  group.add_option("--keyframe-indices", keyframes_, "Generated keyframe slots")->delimiter(',');
  group.add_option("--keyframe-count", keyframe_count_, "Evenly spaced generated keyframe slots");
  group.add_option("--start-time", request.start_time, "Seconds");
  group.add_option("--end-time", request.end_time, "Seconds");
  group.add_option("--regenerate-video", request.regenerate_video, "0 or 1 (1)");
  group.add_option("--regenerate-audio", request.regenerate_audio, "0 or 1 (1)");
  group.add_flag("--skip-stage-2", request.skip_stage_2);
  group.add_flag("--high-quality", request.high_quality);
  group.add_flag("--enhance-prompt", request.enhance_prompt, "Let the language model rewrite the prompt");
  group.add_option("--enhance-seed", request.enhance_seed, "Of the rewriting (the recipe's)");
  group.add_option("--temporal-upsample-rounds", request.temporal_upsample_rounds, "0 to 2");
  group.add_option("--attention-strength", request.attention_strength, "Of reference tokens, 0 to 1");
  add_enum(group, "--preview-mode", LTX_ENUM_PREVIEW, request.preview_mode, "");
  group.add_option("--preview-interval", request.preview_interval, "Steps");
  group.add_option("--preview-max-side", request.preview_max_side, "Pixels");
  group.add_flag("--reference-parity", request.reference_parity, "The public reference's documented quirks");
  group
      .add_option("--tiling", tiling_words_, "auto, off, or tile-width= tile-height= tile-frames= overlap-…=")
      ->type_name("MODE …");
}

void options::finish() {
  for (text_flag& flag : text_flags_)
    if (flag.option->count() > 0) *flag.field = keep(text_of(flag.value));
  params.models = &models_;
  if (!keep_words_.empty()) {
    if (keep_words_ == "edge4") keep_words_ = "0,1,-2,-1";
    for (const std::string& block : split(keep_words_))
      keep_blocks_.push_back(number<int32_t>("--keep-bf16-blocks", block));
    quant_options_.keep_bf16_blocks = keep_blocks_.data();
    quant_options_.keep_bf16_block_count = keep_blocks_.size();
  }
  params.quant_options = &quant_options_;
  params.text_quant_options = &text_quant_options_;

  const size_t colon = device_.find(':');
  params.device_type = ltx::parse(LTX_ENUM_DEVICE, device_.substr(0, colon));
  if (colon != std::string::npos)
    params.device_index = number<int32_t>("--device", device_.substr(colon + 1));
  if (!device_limit_.empty()) params.device_memory_limit = parse_bytes(device_limit_);
  if (!host_limit_.empty()) params.host_memory_limit = parse_bytes(host_limit_);

  for (const auto& words : lora_words_) {
    ltx_lora& lora = loras_.emplace_back(ltx::make<ltx_lora>());
    lora.path = keep(words.at(0));
    tail rest(words, 1, "--lora");
    rest.take("strength", lora.strength);
    rest.take("role", LTX_ENUM_LORA, lora.role);
    rest.take("stages", lora.stages);
    rest.finish();
  }
  for (const auto& words : rule_words_)
    for (const std::string& word : words) {
      const size_t equals = word.rfind('=');
      if (equals == std::string::npos)
        throw usage_error("--quant-rule: '" + word + "' is not of the form GLOB=FORMAT");
      ltx_quant_rule& rule = rules_.emplace_back(ltx::make<ltx_quant_rule>());
      rule.pattern = keep(word.substr(0, equals));
      rule.format = ltx::parse(LTX_ENUM_FORMAT, word.substr(equals + 1));
    }
  for (const auto& words : residency_words_)
    for (const std::string& word : words) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos)
        throw usage_error("--residency: '" + word + "' is not of the form COMPONENT=LEVEL");
      auto& item = residency_.emplace_back(ltx::make<ltx_component_residency>());
      item.component = ltx::parse(LTX_ENUM_COMPONENT, word.substr(0, equals));
      item.residency = ltx::parse(LTX_ENUM_RESIDENCY, word.substr(equals + 1));
    }
  params.loras = loras_.data();
  params.lora_count = loras_.size();
  params.quant_rules = rules_.data();
  params.quant_rule_count = rules_.size();
  params.residency = residency_.data();
  params.residency_count = residency_.size();

  for (const auto& words : image_words_) {
    auto& image = images_.emplace_back(ltx::make<ltx_image_condition>());
    image.path = keep(words.at(0));
    tail rest(words, 1, "--image");
    rest.take("frame-index", image.frame_index);
    rest.take("strength", image.strength);
    rest.take("crf", image.crf);
    rest.finish();
  }
  for (const auto& words : video_words_) {
    auto& video = videos_.emplace_back(ltx::make<ltx_video_condition>());
    video.path = keep(words.at(0));
    tail rest(words, 1, "--video");
    rest.take("role", LTX_ENUM_VIDEO, video.role);
    rest.take("frame-rate", video.frame_rate);
    rest.take("strength", video.strength);
    rest.finish();
  }
  if (!audio_words_.empty()) {
    audio_.path = keep(audio_words_[0]);
    tail rest(audio_words_, 1, "--audio");
    rest.take("start-time", audio_.start_time);
    rest.take("max-duration", audio_.max_duration);
    rest.finish();
    request.audio = &audio_;
  }
  for (int i = 0; i < 2; ++i) {
    if (guidance_words_[i].empty()) continue;
    ltx_guidance& g = guidance_[i];
    tail rest(guidance_words_[i], 0, i == 0 ? "--video-guidance" : "--audio-guidance");
    rest.take("cfg-scale", g.cfg_scale);
    rest.take("stg-scale", g.stg_scale);
    rest.take("rescale-scale", g.rescale_scale);
    rest.take("modality-scale", g.modality_scale);
    rest.take("skip-step", g.skip_step);
    if (const std::string blocks = rest.take_text("stg-blocks"); !blocks.empty()) {
      stg_blocks_[i].reserve(1);  // an address, even for none
      if (blocks != "none")
        for (const std::string& block : split(blocks))
          stg_blocks_[i].push_back(number<int32_t>("stg-blocks", block));
      g.stg_blocks = stg_blocks_[i].data();
      g.stg_block_count = stg_blocks_[i].size();
    }
    rest.finish();
    (i == 0 ? request.video_guidance : request.audio_guidance) = &g;
  }
  if (!tiling_words_.empty()) {
    const bool mode = tiling_words_[0].find('=') == std::string::npos;
    tiling_.mode = mode ? ltx::parse(LTX_ENUM_TILING, tiling_words_[0]) : LTX_TILING_EXPLICIT;
    tail rest(tiling_words_, mode ? 1 : 0, "--tiling");
    rest.take("tile-width", tiling_.tile_width);
    rest.take("tile-height", tiling_.tile_height);
    rest.take("tile-frames", tiling_.tile_frames);
    rest.take("overlap-width", tiling_.overlap_width);
    rest.take("overlap-height", tiling_.overlap_height);
    rest.take("overlap-frames", tiling_.overlap_frames);
    rest.finish();
    request.tiling = &tiling_;
  }
  request.images = images_.data();
  request.image_count = images_.size();
  request.videos = videos_.data();
  request.video_count = videos_.size();
  request.stage_1_sigmas = stage_1_sigmas_.empty() ? nullptr : stage_1_sigmas_.data();
  request.stage_1_sigma_count = stage_1_sigmas_.size();
  request.stage_2_sigmas = stage_2_sigmas_.empty() ? nullptr : stage_2_sigmas_.data();
  request.stage_2_sigma_count = stage_2_sigmas_.size();
  request.keyframe_indices = keyframes_.empty() ? nullptr : keyframes_.data();
  request.keyframe_index_count =
      keyframes_.empty() ? static_cast<size_t>(std::max(keyframe_count_, 0)) : keyframes_.size();
  if (!output_path.empty()) output.path = output_path.c_str();
  request.output = &output;
}

}  // namespace cli
