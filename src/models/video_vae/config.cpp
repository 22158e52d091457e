#include "models/video_vae/config.h"

#include <map>

#include "base/error.h"

namespace ltx::video_vae {
namespace {

using nlohmann::json;

/// An object of the configuration together with its name for messages.
struct Section {
  const json& object;
  std::string path;  // "vae", "vae.encoder"
  const std::string& file;

  const json* find(const std::string& key) const {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }

  [[noreturn]] void wrong(const std::string& key, std::string_view expected, const json& found) const {
    fail(Status::ModelConfig,
         "{}: config key '{}.{}' is {}, expected {}. Use a video VAE file of the LTX-2 family with its "
         "config as published.",
         file, path, key, found.dump(), expected);
  }

  int64_t integer(const std::string& key, int64_t fallback, int64_t minimum = 1) const {
    const auto* value = find(key);
    if (!value) return fallback;
    const bool whole = value->is_number_integer() ||
                       (value->is_number_float() && value->get<double>() == std::floor(value->get<double>()));
    if (!whole || value->get<double>() < static_cast<double>(minimum) || value->get<double>() > 1e9)
      wrong(key, fmt::format("an integer of at least {}", minimum), *value);
    return value->get<int64_t>();
  }

  bool boolean(const std::string& key, bool fallback) const {
    const auto* value = find(key);
    if (!value) return fallback;
    if (!value->is_boolean()) wrong(key, "true or false", *value);
    return value->get<bool>();
  }

  template <class T>
  T choice(const std::string& key, T fallback, const std::map<std::string, T>& choices) const {
    const auto* value = find(key);
    if (!value) return fallback;
    const auto found = value->is_string() ? choices.find(value->get<std::string>()) : choices.end();
    if (found == choices.end()) {
      std::string names;
      for (const auto& [name, _] : choices) names += (names.empty() ? "'" : ", '") + name + "'";
      wrong(key, "one of " + names, *value);
    }
    return found->second;
  }
};

const std::map<std::string, nn::SpatialPadding> kPaddings = {{"zeros", nn::SpatialPadding::Zeros},
                                                             {"reflect", nn::SpatialPadding::Reflect},
                                                             {"replicate", nn::SpatialPadding::Replicate},
                                                             {"circular", nn::SpatialPadding::Circular}};
const std::map<std::string, NormKind> kNorms = {{"pixel_norm", NormKind::Pixel},
                                                {"group_norm", NormKind::Group}};

Section root_of(const json& vae, const std::string& file) {
  if (!vae.is_object())
    fail(Status::ModelConfig,
         "{}: config section 'vae' is {}, expected an object. Use a file with its embedded config as "
         "published.",
         file, vae.is_null() ? "missing" : vae.type_name());
  return {vae, "vae", file};
}

void require_three_dims(const Section& section) {
  const auto* dims = section.find("dims");
  if (dims && *dims != 3) section.wrong("dims", "3", *dims);
}

BlockConfig parse_block(const Section& section, const std::string& key, const json& entry) {
  const bool pair = entry.is_array() && entry.size() == 2 && entry[0].is_string() &&
                    (entry[1].is_object() || entry[1].is_number_integer());
  if (!pair) section.wrong(key, "a list of [name, params] with params an object or an integer", entry);
  BlockConfig block;
  block.name = entry[0].get<std::string>();
  // An integer is the number of layers and nothing else.
  const json params = entry[1].is_object() ? entry[1] : json{{"num_layers", entry[1]}};
  const Section own{params, section.path + "." + key + "." + block.name, section.file};
  if (block.name == "res_x") {
    if (!own.find("num_layers")) own.wrong("num_layers", "an integer", nullptr);
    block.num_layers = own.integer("num_layers", 0, 0);
  }
  if (own.find("multiplier")) block.multiplier = own.integer("multiplier", 1);
  block.residual = own.boolean("residual", false);
  block.inject_noise = own.boolean("inject_noise", false);
  return block;
}

std::vector<BlockConfig> parse_blocks(const Section& section, const std::string& key) {
  const auto* list = section.find(key);
  if (!list) return {};
  if (!list->is_array()) section.wrong(key, "a list of blocks", *list);
  std::vector<BlockConfig> blocks;
  for (const auto& entry : *list) blocks.push_back(parse_block(section, key, entry));
  return blocks;
}

/// Spec 04 §1.4: multipliers do not matter.
ScaleFactors factors_of(const std::vector<BlockConfig>& blocks, int64_t patch_size) {
  ScaleFactors factors{1, patch_size, patch_size};
  for (const auto& block : blocks) {
    const bool all = block.name.starts_with("compress_all");
    if (all || block.name.starts_with("compress_time")) factors.time *= 2;
    if (all || block.name.starts_with("compress_space")) factors.height *= 2;
  }
  factors.width = factors.height;
  return factors;
}

}  // namespace

EncoderConfig EncoderConfig::parse(const json& vae, const std::string& file) {
  const auto root = root_of(vae, file);
  const auto* inner = root.find("encoder");
  if (inner && !inner->is_object()) root.wrong("encoder", "an object", *inner);
  const bool nested = inner != nullptr;
  const Section section = nested ? Section{*inner, "vae.encoder", file} : root;

  EncoderConfig config;
  config.file = file;
  require_three_dims(nested && !section.find("dims") ? root : section);
  config.in_channels = section.integer("in_channels", 3);
  // `out_channels` of the flat layout is the decoder's colour count.
  config.latent_channels = nested ? section.integer("out_channels", root.integer("latent_channels", 128))
                                  : root.integer("latent_channels", 128);
  config.blocks = parse_blocks(section, nested && section.find("blocks") ? "blocks" : "encoder_blocks");
  config.patch_size = section.integer("patch_size", 4);
  config.norm = section.choice("norm_layer", NormKind::Pixel, kNorms);
  enum class LogVariance { Shared, PerChannel, None };
  const auto variance =
      section.choice("latent_log_var", LogVariance::Shared,
                     std::map<std::string, LogVariance>{{"uniform", LogVariance::Shared},
                                                        {"constant", LogVariance::Shared},
                                                        {"per_channel", LogVariance::PerChannel},
                                                        {"none", LogVariance::None}});
  if (variance == LogVariance::None)
    section.wrong("latent_log_var", "'uniform', 'constant' or 'per_channel'",
                  *section.find("latent_log_var"));
  config.per_channel_log_variance = variance == LogVariance::PerChannel;
  config.padding = section.choice(
      "spatial_padding_mode",
      root.choice("encoder_spatial_padding_mode", nn::SpatialPadding::Zeros, kPaddings), kPaddings);
  return config;
}

ScaleFactors EncoderConfig::scale() const {
  return factors_of(blocks, patch_size);
}

DecoderConfig DecoderConfig::parse(const json& vae, const std::string& file) {
  const auto root = root_of(vae, file);
  if (decoder_kind(vae) == DecoderKind::Diffusion)
    fail(Status::Unsupported,
         "{}: config key 'vae._class_name' is {}, expected 'CausalVideoAutoencoder'. Use the convolutional "
         "video VAE file.",
         file, vae["_class_name"].dump());
  DecoderConfig config;
  config.file = file;
  require_three_dims(root);
  config.latent_channels = root.integer("latent_channels", 128);
  config.out_channels = root.integer("out_channels", 3);
  config.blocks = parse_blocks(root, "decoder_blocks");
  config.patch_size = root.integer("patch_size", 4);
  config.norm = root.choice("norm_layer", NormKind::Pixel, kNorms);
  config.causal = root.boolean("causal_decoder", false);
  config.timestep_conditioning = root.boolean("timestep_conditioning", true);
  config.padding = root.choice("spatial_padding_mode", nn::SpatialPadding::Reflect, kPaddings);
  config.base_channels = root.integer("decoder_base_channels", 128);
  return config;
}

ScaleFactors DecoderConfig::scale() const {
  return factors_of(blocks, patch_size);
}

DecoderKind decoder_kind(const json& vae) {
  const std::string name = vae.is_object() && vae.contains("_class_name") && vae["_class_name"].is_string()
                               ? vae["_class_name"].get<std::string>()
                               : "CausalVideoAutoencoder";
  return name == "CausalVideoAutoencoder" ? DecoderKind::Convolutional : DecoderKind::Diffusion;
}

}  // namespace ltx::video_vae
