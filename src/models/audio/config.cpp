#include "models/audio/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace ltx::audio {
namespace {

using nlohmann::json;

/// One object of the configuration together with its place, for exact messages.
class Reader {
 public:
  Reader(const json& object, std::string path, std::string_view file)
      : object_(&object), path_(std::move(path)), file_(file) {
    if (!object.is_null() && !object.is_object()) expected("an object", path_, object);
  }

  /// A member that may be absent; an absent object reads as an empty one.
  Reader section(const char* key) const {
    static const json nothing = json::object();
    const json* value = find(key);
    return {value ? *value : nothing, path_ + "." + key, file_};
  }

  const json* find(const char* key) const {
    if (!object_->is_object()) return nullptr;
    const auto found = object_->find(key);
    return found == object_->end() ? nullptr : &*found;
  }

  int64_t integer(const char* key, int64_t fallback, int64_t least = 1) const {
    const json* value = find(key);
    return value ? as_integer(*value, path(key), least) : fallback;
  }

  int64_t required(const char* key) const {
    const json* value = find(key);
    if (!value) expected("a positive integer", path(key), json());
    return as_integer(*value, path(key), 1);
  }

  bool boolean(const char* key, bool fallback) const {
    const json* value = find(key);
    if (value && !value->is_boolean()) expected("true or false", path(key), *value);
    return value ? value->get<bool>() : fallback;
  }

  std::vector<int64_t> integers(const char* key, std::vector<int64_t> fallback,
                                bool may_be_empty = false) const {
    const json* value = find(key);
    return value ? as_integers(*value, path(key), may_be_empty) : fallback;
  }

  std::vector<std::array<int64_t, 3>> dilations(const char* key,
                                                std::vector<std::array<int64_t, 3>> fallback) const {
    const json* value = find(key);
    if (!value) return fallback;
    if (!value->is_array()) expected("a list of lists of three integers", path(key), *value);
    std::vector<std::array<int64_t, 3>> result;
    for (const auto& entry : *value) {
      const auto list = as_integers(entry, path(key), true);
      if (list.size() < 3) expected("a list of lists of three integers", path(key), *value);
      result.push_back({list[0], list[1], list[2]});  // further entries are not used (§2.2)
    }
    return result;
  }

  /// A member that must have one particular value; absence is a mismatch.
  void require(const char* key, const json& value) const {
    const json* found = find(key);
    if (!found || *found != value) expected(value.dump(), path(key), found ? *found : json());
  }

  [[noreturn]] void expected(std::string_view what, const std::string& where, const json& found) const {
    fail(Status::ModelConfig,
         "{}: config '{}' must be {}, found {}. Use the configuration that the model was published with.",
         file_, where, what, found.is_null() ? "nothing" : found.dump());
  }

  std::string path(const char* key) const { return path_ + "." + key; }
  const std::string& file() const { return file_; }

 private:
  int64_t as_integer(const json& value, const std::string& where, int64_t least) const {
    constexpr int64_t most = int64_t{1} << 31;
    if (!value.is_number_integer() || value < least || value > most)
      expected(fmt::format("an integer from {}", least), where, value);
    return value.get<int64_t>();
  }

  std::vector<int64_t> as_integers(const json& value, const std::string& where, bool may_be_empty) const {
    if (!value.is_array() || (value.empty() && !may_be_empty)) expected("a list of integers", where, value);
    std::vector<int64_t> result;
    for (const auto& entry : value) result.push_back(as_integer(entry, where, 1));
    return result;
  }

  const json* object_;
  std::string path_, file_;
};

Causality parse_causality(const Reader& ddconfig) {
  const json* value = ddconfig.find("causality_axis");
  if (!value) return Causality::Height;
  if (value->is_null()) return Causality::None;
  if (*value == "height") return Causality::Height;
  if (*value == "width") return Causality::Width;
  if (*value == "width-compatibility") return Causality::WidthCompatibility;
  ddconfig.expected("null, \"height\", \"width\" or \"width-compatibility\"", ddconfig.path("causality_axis"),
                    *value);
}

Norm parse_norm(const Reader& ddconfig) {
  const json* value = ddconfig.find("norm_type");
  if (!value || *value == "pixel") return Norm::Pixel;
  if (*value == "group") return Norm::Group;
  ddconfig.expected("\"pixel\" or \"group\"", ddconfig.path("norm_type"), *value);
}

bool parse_attention_type(const Reader& ddconfig) {
  const json* value = ddconfig.find("attn_type");
  if (!value || *value == "vanilla") return true;
  if (*value == "none") return false;
  ddconfig.expected("\"vanilla\" or \"none\"", ddconfig.path("attn_type"), *value);
}

/// The first of three keys that is present and not zero (§2.1).
int64_t parse_mel_bins(const Reader& vae, const Reader& ddconfig) {
  const std::pair<Reader, const char*> places[] = {
      {ddconfig, "mel_bins"},
      {vae.section("preprocessing").section("mel"), "n_mel_channels"},
      {vae.section("variables"), "mel_bins"}};
  for (const auto& [place, key] : places) {
    const json* value = place.find(key);
    if (!value || value->is_null()) continue;
    if (const int64_t bins = place.integer(key, 0, 0); bins > 0) return bins;
  }
  ddconfig.expected("the number of mel bins (a positive integer)", ddconfig.path("mel_bins"), json());
}

GeneratorConfig parse_generator(const Reader& section, GeneratorConfig::Kind kind) {
  GeneratorConfig c;
  c.kind = kind;
  section.require("resblock", kind == GeneratorConfig::Kind::Amp ? "AMP1" : "1");
  section.require("stereo", true);
  if (kind == GeneratorConfig::Kind::Amp) section.require("activation", "snakebeta");
  c.initial_channels = section.integer("upsample_initial_channel", c.initial_channels);
  c.upsample_rates = section.integers("upsample_rates", c.upsample_rates);
  c.upsample_kernel_sizes = section.integers("upsample_kernel_sizes", c.upsample_kernel_sizes);
  c.resblock_kernel_sizes = section.integers("resblock_kernel_sizes", c.resblock_kernel_sizes);
  c.resblock_dilations = section.dilations("resblock_dilation_sizes", c.resblock_dilations);
  c.final = section.boolean("use_tanh_at_final", true) ? GeneratorConfig::Final::Tanh
                                                       : GeneratorConfig::Final::Clamp;
  c.final_bias = section.boolean("use_bias_at_final", true);

  const auto reject = [&](const char* key, const std::string& what, const json& found) {
    section.expected(what, section.path(key), found);
  };
  if (c.upsample_kernel_sizes.size() != c.upsample_rates.size())
    reject("upsample_kernel_sizes",
           fmt::format("a list as long as upsample_rates ({})", c.upsample_rates.size()),
           c.upsample_kernel_sizes);
  if (c.resblock_dilations.size() != c.resblock_kernel_sizes.size())
    reject("resblock_dilation_sizes",
           fmt::format("a list as long as resblock_kernel_sizes ({})", c.resblock_kernel_sizes.size()),
           c.resblock_dilations);
  for (size_t i = 0; i < c.upsample_rates.size(); ++i)
    if (c.upsample_kernel_sizes[i] < c.upsample_rates[i])
      reject("upsample_kernel_sizes", "at least as large as upsample_rates, entry by entry",
             c.upsample_kernel_sizes);
  for (const int64_t kernel : c.resblock_kernel_sizes)
    if (kernel % 2 == 0) reject("resblock_kernel_sizes", "a list of odd integers", c.resblock_kernel_sizes);
  if (c.stages() > 30 || c.channels(c.stages()) < 1)
    reject("upsample_initial_channel",
           fmt::format("at least 2^{} (one halving per entry of upsample_rates)", c.stages()),
           c.initial_channels);
  return c;
}

/// The extension adds its signal to the resampled input, so both must have the same length for every input
/// (§9.1, §9.4).
void check_lengths(const Reader& section, const BandwidthExtension& bwe) {
  const auto& g = bwe.generator;
  for (int64_t i = 0; i < g.stages(); ++i) {
    const auto n = static_cast<size_t>(i);
    if ((g.upsample_kernel_sizes[n] - g.upsample_rates[n]) % 2 != 0)
      section.expected("such that kernel size minus rate is even at every stage",
                       section.path("upsample_kernel_sizes"), g.upsample_kernel_sizes);
  }
  if (g.length(1) != bwe.hop_length * bwe.ratio())
    section.expected(fmt::format("a list whose product is hop_length · output rate / input rate = {}",
                                 bwe.hop_length * bwe.ratio()),
                     section.path("upsample_rates"), g.upsample_rates);
}

}  // namespace

VaeConfig VaeConfig::parse(const json& section, std::string_view file) {
  const Reader vae(section, "audio_vae", file);
  const Reader params = vae.section("model").section("params"), dd = params.section("ddconfig");
  const Reader stft = vae.section("preprocessing").section("stft");
  VaeConfig c;
  c.sampling_rate = params.integer("sampling_rate", c.sampling_rate);
  c.hop_length = stft.integer("hop_length", c.hop_length);
  c.n_fft = stft.integer("filter_length", c.n_fft, 2);
  c.mel_bins = parse_mel_bins(vae, dd);
  c.ch = dd.integer("ch", c.ch);
  c.ch_mult = dd.integers("ch_mult", c.ch_mult);
  c.num_res_blocks = dd.integer("num_res_blocks", c.num_res_blocks, 0);
  if (dd.find("attn_resolutions")) {
    const auto list = dd.integers("attn_resolutions", {}, true);
    c.attn_resolutions = {list.begin(), list.end()};
  }
  c.resolution = dd.integer("resolution", c.resolution);
  c.z_channels = dd.integer("z_channels", c.z_channels);
  c.double_z = dd.boolean("double_z", c.double_z);
  c.in_channels = dd.integer("in_channels", c.in_channels);
  c.out_ch = dd.integer("out_ch", c.out_ch);
  c.norm = parse_norm(dd);
  c.causality = parse_causality(dd);
  c.mid_block_add_attention = dd.boolean("mid_block_add_attention", c.mid_block_add_attention);
  c.resamp_with_conv = dd.boolean("resamp_with_conv", c.resamp_with_conv);
  c.encoder_attention = parse_attention_type(dd);

  if (c.levels() > 16) dd.expected("a list of at most 16 widths", dd.path("ch_mult"), c.ch_mult);
  if (c.num_res_blocks == 0 &&
      std::any_of(c.ch_mult.begin(), c.ch_mult.end(), [](int64_t m) { return m != 1; }))
    dd.expected("at least 1 where ch_mult changes the width", dd.path("num_res_blocks"), 0);
  if (c.norm == Norm::Group && c.causality != Causality::None)
    dd.expected("\"pixel\" where causality_axis is not null", dd.path("norm_type"), "group");
  if (!c.resamp_with_conv && c.causality != Causality::None)
    dd.expected("true where causality_axis is not null", dd.path("resamp_with_conv"), false);
  if (c.ch % c.z_channels != 0)
    dd.expected(
        fmt::format("a multiple of z_channels ({}): the statistics have one value per latent channel and bin",
                    c.z_channels),
        dd.path("ch"), c.ch);
  return c;
}

int64_t GeneratorConfig::padding(int64_t stage) const {
  const auto n = static_cast<size_t>(stage);
  return (upsample_kernel_sizes[n] - upsample_rates[n]) / 2;
}

int64_t GeneratorConfig::length(int64_t frames) const {
  for (int64_t i = 0; i < stages(); ++i) {
    const auto n = static_cast<size_t>(i);
    frames = (frames - 1) * upsample_rates[n] - 2 * padding(i) + upsample_kernel_sizes[n];
  }
  return frames;
}

VocoderConfig VocoderConfig::parse(const json& section, std::string_view file) {
  const Reader root(section, "vocoder", file);
  VocoderConfig c;
  if (!root.find("bwe")) {
    c.main = parse_generator(root, GeneratorConfig::Kind::HifiGan);
    c.sampling_rate = root.integer("output_sampling_rate", c.sampling_rate);
    return c;
  }
  const Reader second = root.section("bwe");
  c.main = parse_generator(root.section("vocoder"), GeneratorConfig::Kind::Amp);
  BandwidthExtension bwe;
  bwe.generator = parse_generator(second, GeneratorConfig::Kind::Amp);
  bwe.generator.final = GeneratorConfig::Final::None;
  bwe.input_rate = second.required("input_sampling_rate");
  bwe.output_rate = second.required("output_sampling_rate");
  bwe.hop_length = second.required("hop_length");
  bwe.n_fft = second.required("n_fft");
  second.require("num_mels", kVocoderMelBins);
  if (bwe.output_rate < bwe.input_rate)
    second.expected(fmt::format("at least input_sampling_rate ({})", bwe.input_rate),
                    second.path("output_sampling_rate"), bwe.output_rate);
  if (bwe.n_fft < bwe.hop_length)
    second.expected(fmt::format("at least hop_length ({})", bwe.hop_length), second.path("n_fft"), bwe.n_fft);
  check_lengths(second, bwe);
  c.bwe = bwe;
  c.sampling_rate = bwe.output_rate;
  return c;
}

}  // namespace ltx::audio
