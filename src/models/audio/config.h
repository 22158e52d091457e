// Settings of the audio networks, as the files carry them (spec 05 §2).
#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ltx::audio {

/// The axis along which the convolutions see only the past.
enum class Causality { None, Width, WidthCompatibility, Height };
enum class Norm { Pixel, Group };

/// Mel spectra per latent frame. A constant of the models, not derived from the number of levels.
constexpr int64_t kTemporalFactor = 4;

struct VaeConfig {
  int64_t sampling_rate = 16000;  // hertz, of the mel front end
  int64_t hop_length = 160;       // samples
  int64_t n_fft = 1024;           // samples, also the length of the window
  int64_t mel_bins = 0;

  int64_t ch = 128;  // base width and length of the per-channel statistics
  std::vector<int64_t> ch_mult = {1, 2, 4};
  int64_t num_res_blocks = 2;
  std::set<int64_t> attn_resolutions = {8, 16, 32};
  int64_t resolution = 256;
  int64_t z_channels = 8;
  bool double_z = true;
  int64_t in_channels = 2, out_ch = 2;
  Norm norm = Norm::Pixel;
  Causality causality = Causality::Height;
  bool mid_block_add_attention = true;
  bool resamp_with_conv = true;   // encoder only
  bool encoder_attention = true;  // attn_type; the decoder always has what the resolutions ask for

  int64_t levels() const { return static_cast<int64_t>(ch_mult.size()); }
  int64_t width(int64_t level) const { return ch * ch_mult[static_cast<size_t>(level)]; }
  bool attention_at(int64_t level) const { return attn_resolutions.contains(resolution >> level); }
  /// Mel bins of the latent, which the statistics are made for.
  int64_t latent_bins() const { return ch / z_channels; }

  /// `section` is `config.audio_vae`; `file` is for messages. Throws ModelConfig.
  static VaeConfig parse(const nlohmann::json& section, std::string_view file);
};

/// One generator: the whole 19B vocoder, or either half of the later one.
struct GeneratorConfig {
  enum class Kind { HifiGan, Amp };
  enum class Final { Tanh, Clamp, None };

  Kind kind = Kind::HifiGan;
  Final final = Final::Tanh;
  int64_t initial_channels = 1024;
  std::vector<int64_t> upsample_rates = {6, 5, 2, 2, 2};
  std::vector<int64_t> upsample_kernel_sizes = {16, 15, 8, 4, 4};
  std::vector<int64_t> resblock_kernel_sizes = {3, 7, 11};
  std::vector<std::array<int64_t, 3>> resblock_dilations = {{1, 3, 5}, {1, 3, 5}, {1, 3, 5}};
  bool final_bias = true;

  int64_t stages() const { return static_cast<int64_t>(upsample_rates.size()); }
  int64_t channels(int64_t stage) const { return initial_channels >> stage; }
  int64_t padding(int64_t stage) const;
  /// Samples made of `frames` mel spectra.
  int64_t length(int64_t frames) const;
};

/// Second generator, which adds the band above the first one's.
struct BandwidthExtension {
  GeneratorConfig generator;
  int64_t input_rate = 0, output_rate = 0;  // hertz
  int64_t hop_length = 0, n_fft = 0;        // samples
  int64_t ratio() const { return output_rate / input_rate; }
};

struct VocoderConfig {
  GeneratorConfig main;
  std::optional<BandwidthExtension> bwe;
  int64_t sampling_rate = 24000;  // hertz, of the result

  /// `section` is `config.vocoder`; `file` is for messages. Throws ModelConfig.
  static VocoderConfig parse(const nlohmann::json& section, std::string_view file);
};

/// Stereo mel spectra of 64 bins each: what every vocoder of the family reads.
constexpr int64_t kVocoderChannels = 2, kVocoderMelBins = 64;

}  // namespace ltx::audio
