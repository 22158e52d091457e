// What the golden cases of group `audio` leave open: settings and their errors, layouts, edge lengths,
// gradients (spec 05 §14).
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "audio_weights.h"
#include "base/error.h"
#include "models/audio/resample.h"
#include "models/audio/vocoder.h"

using namespace ltx;
using namespace ltx::audio;
using nlohmann::json;
using test::source_of;

namespace {

json vae_section(const json& ddconfig) {
  json dd = {{"ch", 8},
             {"ch_mult", {1, 2, 3}},
             {"num_res_blocks", 1},
             {"z_channels", 2},
             {"mel_bins", 16},
             {"attn_resolutions", json::array()},
             {"mid_block_add_attention", false}};
  dd.update(ddconfig);
  return {{"model", {{"params", {{"sampling_rate", 16000}, {"ddconfig", dd}}}}},
          {"preprocessing", {{"stft", {{"filter_length", 256}, {"hop_length", 64}}}}}};
}

VaeConfig vae_config(const json& ddconfig = json::object()) {
  return VaeConfig::parse(vae_section(ddconfig), "file");
}

json generator_section(bool amp) {
  json section = {{"resblock", amp ? "AMP1" : "1"},
                  {"stereo", true},
                  {"upsample_initial_channel", 16},
                  {"upsample_rates", {2, 2}},
                  {"upsample_kernel_sizes", {4, 4}},
                  {"resblock_kernel_sizes", {3}},
                  {"resblock_dilation_sizes", {{1, 3, 5}}},
                  {"use_tanh_at_final", !amp},
                  {"use_bias_at_final", !amp}};
  if (amp) section["activation"] = "snakebeta";
  return section;
}

json bwe_section() {
  json bwe = generator_section(true);
  bwe.update({{"upsample_rates", {4, 3, 2}},
              {"upsample_kernel_sizes", {8, 5, 4}},
              {"input_sampling_rate", 16000},
              {"output_sampling_rate", 48000},
              {"hop_length", 8},
              {"n_fft", 32},
              {"num_mels", 64}});
  return {{"vocoder", generator_section(true)}, {"bwe", bwe}};
}

VocoderConfig vocoder_config(bool with_bwe) {
  return VocoderConfig::parse(with_bwe ? bwe_section() : generator_section(false), "file");
}

/// The error of a call: its status and message; a call without an error fails the test.
template <class Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return {Status::Ok, ""};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_config_error(const std::function<void()>& call, std::initializer_list<const char*> parts) {
  const auto error = error_of(call);
  CHECK(error.status() == Status::ModelConfig);
  for (const char* part : parts) CHECK_MESSAGE(contains(error.what(), part), error.what());
}

double maximum(const at::Tensor& x) {
  return x.abs().max().item<double>();
}

}  // namespace

TEST_CASE("audio VAE settings: defaults, fallbacks and errors") {
  const auto c = VaeConfig::parse({{"model", {{"params", {{"ddconfig", {{"mel_bins", 64}}}}}}}}, "file");
  CHECK(c.ch == 128);
  CHECK(c.ch_mult == std::vector<int64_t>{1, 2, 4});
  CHECK(c.causality == Causality::Height);
  CHECK(c.mid_block_add_attention);
  CHECK(c.attention_at(4) == true);  // 256 / 2^4 = 16
  CHECK(c.attention_at(1) == false);
  CHECK(vae_config({{"causality_axis", nullptr}}).causality == Causality::None);

  auto section = vae_section({{"mel_bins", 0}});
  section["variables"] = {{"mel_bins", 24}};
  CHECK(VaeConfig::parse(section, "file").mel_bins == 24);
  section["preprocessing"]["mel"] = {{"n_mel_channels", 32}};
  CHECK(VaeConfig::parse(section, "file").mel_bins == 32);

  check_config_error(
      [] {
        vae_config({{"mel_bins", nullptr}});
      },
      {"file", "audio_vae.model.params.ddconfig.mel_bins", "nothing"});
  check_config_error(
      [] {
        vae_config({{"causality_axis", "depth"}});
      },
      {"causality_axis", "width-compatibility", "\"depth\""});
  check_config_error(
      [] {
        vae_config({{"norm_type", "layer"}});
      },
      {"norm_type", "\"pixel\" or \"group\"", "\"layer\""});
  check_config_error([] { vae_config({{"norm_type", "group"}}); }, {"norm_type", "causality_axis"});
  check_config_error([] { vae_config({{"resamp_with_conv", false}}); }, {"resamp_with_conv", "false"});
  check_config_error([] { vae_config({{"attn_type", "linear"}}); }, {"attn_type", "\"linear\""});
  check_config_error([] { vae_config({{"ch", 9}}); }, {"ch", "z_channels (2)", "9"});
  check_config_error([] { vae_config({{"ch", "wide"}}); }, {"ddconfig.ch", "\"wide\""});
  check_config_error([] { vae_config({{"ch_mult", {1, -2}}}); }, {"ch_mult", "-2"});
  check_config_error([] { VaeConfig::parse(json::array(), "file"); }, {"audio_vae", "an object"});
}

TEST_CASE("vocoder settings: which kind, and strict checks") {
  CHECK(!vocoder_config(false).bwe);
  CHECK(vocoder_config(false).sampling_rate == 24000);
  CHECK(vocoder_config(true).sampling_rate == 48000);
  CHECK(vocoder_config(true).main.final == GeneratorConfig::Final::Clamp);

  const auto plain = [](const json& change) {
    return [change] {
      auto section = generator_section(false);
      section.update(change);
      VocoderConfig::parse(section, "file");
    };
  };
  const auto extended = [](const char* part, const json& change) {
    return [part, change] {
      auto section = bwe_section();
      section[part].update(change);
      VocoderConfig::parse(section, "file");
    };
  };
  check_config_error([] { VocoderConfig::parse(json(), "file"); }, {"vocoder.resblock", "\"1\"", "nothing"});
  check_config_error(plain({{"resblock", "2"}}), {"vocoder.resblock", "\"1\"", "\"2\""});
  check_config_error(plain({{"stereo", false}}), {"vocoder.stereo", "true", "false"});
  check_config_error(plain({{"upsample_rates", {2}}}), {"upsample_kernel_sizes", "(1)"});
  check_config_error(plain({{"upsample_kernel_sizes", {1, 4}}}), {"upsample_kernel_sizes"});
  check_config_error(plain({{"resblock_kernel_sizes", {4}}}), {"resblock_kernel_sizes", "odd"});
  check_config_error(plain({{"resblock_dilation_sizes", {{1, 3}}}}), {"resblock_dilation_sizes", "three"});
  check_config_error(plain({{"upsample_initial_channel", 3}}), {"upsample_initial_channel", "2^2"});
  check_config_error(extended("vocoder", {{"activation", "snake"}}),
                     {"vocoder.vocoder.activation", "snakebeta"});
  check_config_error(extended("bwe", {{"resblock", "1"}}), {"vocoder.bwe.resblock", "AMP1"});
  check_config_error(extended("bwe", {{"num_mels", 80}}), {"vocoder.bwe.num_mels", "64", "80"});
  check_config_error(extended("bwe", {{"hop_length", nullptr}}), {"vocoder.bwe.hop_length"});
  check_config_error(extended("bwe", {{"upsample_kernel_sizes", {7, 5, 4}}}),
                     {"vocoder.bwe.upsample_kernel_sizes", "even"});
  check_config_error(extended("bwe", {{"hop_length", 16}}), {"vocoder.bwe.upsample_rates", "48"});
}

TEST_CASE("resampling: lengths, constants, identity") {
  CHECK(resampled_length(361394, 44100, 16000) == 131118);  // the quotient is rounded to fp32 first
  CHECK(resampled_length(200101, 22050, 16000) == 145198);
  CHECK(resampled_length(48001, 48000, 16000) == 16001);
  const auto constant = at::ones({1, 2, 4800});
  const auto lower = resample(constant, 48000, 16000);
  CHECK(lower.sizes() == at::IntArrayRef({1, 2, 1600}));
  CHECK(maximum(lower.slice(2, 50, 1550) - 1) < 2e-3);
  CHECK(resample(constant, 44100, 44100).is_same(constant));
  CHECK(error_of([&] { resample(constant, 0, 16000); }).status() == Status::InvalidArgument);
  CHECK(contains(error_of([&] { resample(constant, 44101, 48000); }).what(), "44101 Hz"));
}

TEST_CASE("channels become stereo") {
  const auto rows = [](int64_t channels) {
    return at::eye(channels).unsqueeze(0);
  };  // channel c is 1 at sample c only
  const auto expect = [](const at::Tensor& actual, const std::vector<float>& left,
                         const std::vector<float>& right) {
    CHECK(maximum(actual - at::stack({at::tensor(left), at::tensor(right)}).unsqueeze(0)) < 1e-6);
  };
  expect(to_stereo(rows(1)), {1}, {1});
  const float a = 1 / 2.414F, b = 0.707F / 2.414F, c = 1 / 3.121F, d = 0.707F / 3.121F;
  expect(to_stereo(rows(6)), {a, 0, b, 0, b, 0}, {0, a, b, 0, 0, b});
  expect(to_stereo(rows(8)), {c, 0, d, 0, d, 0, d, 0}, {0, c, d, 0, 0, d, 0, d});
  expect(to_stereo(rows(3)), {1 / 3.F, 1 / 3.F, 1 / 3.F}, {1 / 3.F, 1 / 3.F, 1 / 3.F});
}

TEST_CASE("mel filterbank: tabulated values") {
  const auto bank = mel_filterbank(16000, 1024, 64);
  const std::tuple<int, int, double> values[] = {
      {1, 0, 0.007255641},   {3, 0, 0.021331152},   {5, 0, 0.006819871},    {3, 1, 0.000217885},
      {64, 20, 0.009845906}, {64, 21, 0.011063611}, {500, 63, 0.001373712}, {512, 63, 0}};
  for (const auto& [k, j, expected] : values)
    CHECK(bank[k][j].item<double>() == doctest::Approx(expected).epsilon(1e-4));
}

TEST_CASE("mel front end: silence, shortest sound, too short a sound") {
  const MelFrontEnd front_end(16000, 256, 64, 16, at::kCPU);
  const auto silence = front_end(at::zeros({1, 2, 129}));
  CHECK(silence.sizes() == at::IntArrayRef({1, 2, 3, 16}));
  CHECK(maximum(silence + 11.512925) < 1e-5);
  const auto error = error_of([&] { front_end(at::zeros({1, 2, 128})); });
  CHECK(error.status() == Status::InvalidArgument);
  CHECK(contains(error.what(), "128 samples"));
  CHECK(contains(error.what(), "129"));
}

TEST_CASE("audio VAE: every legal variation takes exactly its tensors and keeps the shapes of §8") {
  struct Variation {
    const char* name;
    json changes;
    int64_t frames_of_3;  // mel frames decoded from three latent frames
  };
  const Variation variations[] = {
      {"released branches", json::object(), 9},
      {"17 mel bins, which the levels do not divide", {{"mel_bins", 17}}, 9},
      {"four levels", {{"ch_mult", {1, 2, 2, 1}}, {"mel_bins", 32}}, 9},
      {"one level", {{"ch_mult", {1}}, {"mel_bins", 4}}, 9},
      {"no blocks", {{"ch_mult", {1, 1, 1}}, {"num_res_blocks", 0}}, 9},
      {"not causal, average pooling", {{"causality_axis", nullptr}, {"resamp_with_conv", false}}, 12},
      {"causal along frequency", {{"causality_axis", "width"}, {"mel_bins", 13}}, 9},
      {"width-compatibility", {{"causality_axis", "width-compatibility"}}, 9},
      {"attention at a level and in the middle",
       {{"attn_resolutions", {128}}, {"mid_block_add_attention", true}},
       9},
      {"attention in the decoder only",
       {{"attn_resolutions", {64}}, {"mid_block_add_attention", true}, {"attn_type", "none"}},
       9},
      {"group norm",
       {{"norm_type", "group"}, {"causality_axis", nullptr}, {"ch", 32}, {"z_channels", 8}},
       12},
  };
  const at::NoGradGuard no_grad;
  for (const auto& v : variations) {
    CAPTURE(v.name);
    const auto c = vae_config(v.changes);
    const auto encoder_source = source_of(test::VaeFiller(c, 1).encoder()),
               decoder_source = source_of(test::VaeFiller(c, 2).decoder());
    const Encoder encoder(encoder_source, c);
    const Decoder decoder(decoder_source, c);
    CHECK(encoder_source.view().unused().empty());
    CHECK(decoder_source.view().unused().empty());
    const auto latent = encoder.forward(at::randn({2, 2, 16, c.mel_bins}));
    CHECK(latent.size(1) == c.z_channels);
    CHECK(latent.size(3) == c.latent_bins());
    CHECK(latent.isfinite().all().item<bool>());
    const auto mel = decoder.forward(at::randn({2, c.z_channels, 3, c.latent_bins()}));
    CHECK(mel.sizes() == at::IntArrayRef({2, 2, v.frames_of_3, c.mel_bins}));
    CHECK(mel.isfinite().all().item<bool>());
  }
}

TEST_CASE("audio VAE: lengths and causality") {
  const at::NoGradGuard no_grad;
  const auto c = vae_config();
  const Encoder encoder(source_of(test::VaeFiller(c, 1).encoder()), c);
  const Decoder decoder(source_of(test::VaeFiller(c, 2).decoder()), c);
  for (const int64_t samples : {129, 639, 640, 641, 1023, 2560}) {
    const auto latent = encoder.encode(at::randn({1, 1, samples}) * 0.1, 16000);
    CHECK(latent.size(2) == (1 + samples / 64 + 3) / 4);
  }
  CHECK(encoder.encode(at::zeros({1, 2, 4000}), 44100).isfinite().all().item<bool>());

  const auto mel = at::randn({1, 2, 14, 16});
  const auto before = encoder.forward(mel);
  for (const int64_t m : {0, 4, 5, 9, 12}) {
    auto changed = mel.clone();
    changed.select(2, m).add_(1);
    const auto difference = (encoder.forward(changed) - before).abs().amax(at::IntArrayRef{0, 1, 3});
    const int64_t first = (m + 3) / 4;  // latents t with 4t < m have not heard of it
    CHECK(maximum(difference.slice(0, first)) > 0);
    if (first > 0) CHECK(maximum(difference.slice(0, 0, first)) == 0);
  }
  const auto latent = at::randn({1, 2, 4, 4});
  const auto decoded = decoder.forward(latent);
  for (int64_t t = 1; t < 4; ++t) {
    auto changed = latent.clone();
    changed.select(2, t).add_(1);
    const auto difference = (decoder.forward(changed) - decoded).abs().amax(at::IntArrayRef{0, 1, 3});
    CHECK(maximum(difference.slice(0, 0, 4 * t - 3)) == 0);
    CHECK(maximum(difference.slice(0, 4 * t - 3)) > 0);
  }
}

TEST_CASE("audio VAE: statistics are indexed channel first, and wrong shapes are told") {
  const auto c = vae_config();
  auto tensors = test::VaeFiller(c, 2).decoder();
  tensors["per_channel_statistics.mean-of-means"] = at::arange(8, at::kFloat);
  tensors["per_channel_statistics.std-of-means"] = at::ones({8});
  const Statistics statistics(source_of(tensors), 2, 4);
  const auto value = statistics.unnormalize(at::zeros({1, 2, 1, 4}));
  CHECK(at::equal(value.flatten(), at::arange(8, at::kFloat)));

  const Decoder decoder(source_of(tensors), c);
  CHECK(error_of([&] { decoder.forward(at::zeros({1, 2, 3, 5})); }).status() == Status::InvalidArgument);
  CHECK(error_of([&] { decoder.forward(at::zeros({1, 2, 0, 4})); }).status() == Status::InvalidArgument);
  const Encoder encoder(source_of(test::VaeFiller(c, 1).encoder()), c);
  CHECK(error_of([&] { encoder.forward(at::zeros({1, 2, 3, 15})); }).status() == Status::InvalidArgument);
  CHECK(error_of([&] { encoder.encode(at::zeros({2, 5000}), 16000); }).status() == Status::InvalidArgument);
  check_config_error(
      [&] {
        Encoder(source_of(test::VaeFiller(c, 1).encoder()), vae_config({{"mel_bins", 24}}));
      },
      {"2 · 6", "8"});
}

TEST_CASE("every missing tensor is an error that names it") {
  const auto check = [](const test::Tensors& tensors, const auto& build) {
    build(source_of(tensors));
    for (const auto& [name, value] : tensors) {
      if (contains(name, "inverse_basis")) continue;  // read by nobody
      auto fewer = tensors;
      fewer.erase(name);
      const auto error = error_of([&] { build(source_of(fewer)); });
      CHECK(error.status() == Status::TensorMissing);
      CHECK_MESSAGE(contains(error.what(), "'" + name + "'"), error.what());
      auto wrong = tensors;
      wrong[name] = value.unsqueeze(0);
      CHECK(error_of([&] { build(source_of(wrong)); }).status() == Status::TensorMismatch);
    }
  };
  const auto c = vae_config({{"mid_block_add_attention", true}});
  check(test::VaeFiller(c, 1).encoder(), [&](const quant::Source& s) { Encoder(s, c); });
  check(test::VaeFiller(c, 1).decoder(), [&](const quant::Source& s) { Decoder(s, c); });
  for (const bool bwe : {false, true}) {
    const auto v = vocoder_config(bwe);
    check(test::VocoderFiller(1).vocoder(v), [&](const quant::Source& s) { Vocoder(s, v); });
  }
}

TEST_CASE("vocoder: lengths, bounds, and what is taken") {
  const at::NoGradGuard no_grad;
  for (const bool bwe : {false, true}) {
    const auto c = vocoder_config(bwe);
    const auto source = source_of(test::VocoderFiller(3).vocoder(c));
    const Vocoder vocoder(source, c);
    CHECK(source.view().unused().empty());
    for (const int64_t frames : {1, 2, 5, 9}) {
      const auto wave = vocoder.forward(at::randn({2, 2, frames, 64}) * 3);
      CHECK(wave.sizes() == at::IntArrayRef({2, 2, 4 * frames * (bwe ? 3 : 1)}));
      CHECK(maximum(wave) <= 1);
    }
    CHECK(error_of([&] { vocoder.forward(at::zeros({2, 2, 5, 63})); }).status() == Status::InvalidArgument);
    CHECK(error_of([&] { vocoder.forward(at::zeros({2, 5, 64})); }).status() == Status::InvalidArgument);
  }
}

TEST_CASE("vocoder: an odd difference of kernel and rate adds a sample per stage, which the extension pads") {
  const at::NoGradGuard no_grad;
  auto section = bwe_section();
  section["vocoder"]["upsample_kernel_sizes"] = {5, 4};
  const auto c = VocoderConfig::parse(section, "file");
  CHECK(c.main.length(3) == (3 * 2 + 1) * 2);
  const Vocoder vocoder(source_of(test::VocoderFiller(3).vocoder(c)), c);
  CHECK(vocoder.forward(at::randn({1, 2, 3, 64})).size(2) == 42);
}

TEST_CASE("bandwidth extension: without a second generator the wave is the resampled one") {
  const at::NoGradGuard no_grad;
  const auto c = vocoder_config(true);
  auto tensors = test::VocoderFiller(3).vocoder(c);
  tensors["bwe_generator.conv_post.weight"].zero_();
  const BandwidthExtender extender(source_of(tensors), *c.bwe);
  const auto wave = at::rand({1, 2, 16}) * 2 - 1;
  CHECK(at::equal(extender.forward(wave, Monitor::silent()), SkipResampler(3, at::kCPU)(wave).clamp(-1, 1)));
}

TEST_CASE("bandwidth extension: taps of the skip filter, and frames that see only the past") {
  const at::NoGradGuard no_grad;
  auto impulse = at::zeros({1, 1, 31});
  impulse[0][0][15] = 1;
  const auto response = SkipResampler(3, at::kCPU)(impulse).flatten() / 3;
  const double taps[] = {0.33,        0.27194280,  0.13534590,  0.00311387,
                         -0.05947993, -0.04678102, -0.00251341, 0.02545189};
  // The centre tap of the filter falls on sample 15 · 3.
  for (int64_t i = 0; i < 8; ++i) {
    CHECK(response[45 + i].item<double>() == doctest::Approx(taps[i]).epsilon(1e-5));
    CHECK(response[45 - i].item<double>() == doctest::Approx(taps[i]).epsilon(1e-5));
  }
  const auto c = vocoder_config(true);
  const CausalMel mel(source_of(test::VocoderFiller(3).vocoder(c)) / "mel_stft", c.bwe->n_fft,
                      c.bwe->hop_length);
  const auto wave = at::randn({1, 2, 40});
  auto changed = wave.clone();
  changed.slice(2, 8).add_(1);
  const auto before = mel(wave), after = mel(changed);
  CHECK(before.sizes() == at::IntArrayRef({1, 2, 5, 64}));
  CHECK(at::equal(before.select(2, 0), after.select(2, 0)));
  CHECK(!at::equal(before.select(2, 1), after.select(2, 1)));
}

TEST_CASE("anti-aliased activation keeps odd and even lengths, with even and odd numbers of taps") {
  const at::NoGradGuard no_grad;
  for (const int64_t taps : {4, 11, 12, 13})
    for (const int64_t length : {1, 6, 7}) {
      CAPTURE(taps);
      test::VocoderFiller filler(5);
      filler.activation("a", 3);
      for (const char* name : {"a.upsample.filter", "a.downsample.lowpass.filter"})
        filler.tensors()[name] = at::full({1, 1, taps}, 1.0 / static_cast<double>(taps));
      const AntiAliasedSnake activation(source_of(filler.tensors()) / "a", at::kFloat, 3);
      CHECK(activation(at::randn({2, 3, length})).sizes() == at::IntArrayRef({2, 3, length}));
    }
  // α = β = 0 and a constant input: x + sin²(x), up to the filters' sums, which are 1 here for even tap
  // counts.
  test::VocoderFiller filler(5);
  filler.activation("a", 1);
  filler.tensors()["a.act.alpha"].zero_(), filler.tensors()["a.act.beta"].zero_();
  filler.tensors()["a.upsample.filter"] = filler.tensors()["a.downsample.lowpass.filter"] =
      at::full({1, 1, 12}, 1.0 / 12);
  const AntiAliasedSnake activation(source_of(filler.tensors()) / "a", at::kFloat, 1);
  const double expected = 0.7 + std::sin(0.7) * std::sin(0.7);
  CHECK(maximum(activation(at::full({1, 1, 9}, 0.7)) - expected) < 1e-5);
}

TEST_CASE("decoding: batch axis, dtype, rounding of the wave") {
  const at::NoGradGuard no_grad;
  auto section = vae_section({{"mel_bins", 64}, {"ch", 32}});
  const auto v = VaeConfig::parse(section, "file");
  const auto c = vocoder_config(true);
  const Decoder decoder(source_of(test::VaeFiller(v, 2).decoder(), at::kBFloat16), v);
  const Vocoder vocoder(source_of(test::VocoderFiller(3).vocoder(c), at::kBFloat16), c);
  const auto latent = at::randn({1, 2, 2, 16});
  const auto rounded = decode_audio(decoder, vocoder, latent);
  CHECK(rounded.sampling_rate == 48000);
  CHECK(rounded.samples.sizes() == at::IntArrayRef({2, 5 * 12}));
  CHECK((rounded.samples.scalar_type() == at::kFloat));
  CHECK(at::equal(rounded.samples, rounded.samples.to(at::kBFloat16).to(at::kFloat)));
  const auto full = decode_audio(decoder, vocoder, latent, WaveRounding::Full);
  CHECK(at::equal(full.samples.to(at::kBFloat16).to(at::kFloat), rounded.samples));
  CHECK(!at::equal(full.samples, rounded.samples));
  CHECK(decode_audio(decoder, vocoder, at::randn({2, 2, 2, 16})).samples.dim() == 3);
}

TEST_CASE("a cancelled monitor stops every network") {
  struct Cancelled : Monitor {
    bool cancelled() const override { return true; }
  } cancelled;
  const auto v = vae_config();
  const Encoder encoder(source_of(test::VaeFiller(v, 1).encoder()), v);
  const Decoder decoder(source_of(test::VaeFiller(v, 2).decoder()), v);
  CHECK(error_of([&] {
          encoder.forward(at::zeros({1, 2, 5, 16}), cancelled);
        }).status() == Status::Cancelled);
  CHECK(error_of([&] { decoder.forward(at::zeros({1, 2, 2, 4}), cancelled); }).status() == Status::Cancelled);
  const auto c = vocoder_config(false);
  const Vocoder vocoder(source_of(test::VocoderFiller(3).vocoder(c)), c);
  CHECK(error_of([&] {
          vocoder.forward(at::zeros({1, 2, 2, 64}), cancelled);
        }).status() == Status::Cancelled);
}

namespace {

/// Compares the gradient along a random direction with a central difference, and asks that every tensor has
/// one.
template <class Loss>
void check_gradients(test::Tensors tensors, const Loss& loss) {
  at::AutoGradMode enabled(true);
  for (auto& [name, value] : tensors) value.set_requires_grad(!contains(name, "inverse_basis"));
  loss(source_of(tensors)).backward();
  double predicted = 0;
  test::Tensors forward, back;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(17);
  constexpr double step = 1e-3;
  for (const auto& entry : tensors) {
    const auto& name = entry.first;  // clang 14 captures no structured binding in a macro's lambda
    const auto& value = entry.second;
    if (!value.requires_grad()) continue;
    REQUIRE_MESSAGE(value.grad().defined(), name);
    CHECK_MESSAGE(value.grad().isfinite().all().template item<bool>(), name);
    const auto direction = at::randn(value.sizes(), generator, at::kFloat) * value.detach().abs().mean();
    predicted += (value.grad().to(at::kDouble) * direction.to(at::kDouble)).sum().template item<double>();
    forward[name] = value.detach() + direction * step;
    back[name] = value.detach() - direction * step;
  }
  const at::NoGradGuard no_grad;
  const auto at_ = [&](test::Tensors& t) {
    if (tensors.contains("mel_stft.stft_fn.inverse_basis"))
      t["mel_stft.stft_fn.inverse_basis"] = at::zeros({1});
    return loss(source_of(t)).template item<double>();
  };
  CHECK((at_(forward) - at_(back)) / (2 * step) == doctest::Approx(predicted).epsilon(0.02));
}

}  // namespace

TEST_CASE("gradients reach every tensor of every audio network") {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(23);
  const auto c = vae_config({{"mid_block_add_attention", true}});
  const auto mel = at::randn({1, 2, 9, 16}, generator, at::kFloat),
             latent = at::randn({1, 2, 2, 4}, generator, at::kFloat);
  check_gradients(test::VaeFiller(c, 1).encoder(),
                  [&](const quant::Source& s) { return Encoder(s, c).forward(mel).square().mean(); });
  check_gradients(test::VaeFiller(c, 2).decoder(),
                  [&](const quant::Source& s) { return Decoder(s, c).forward(latent).square().mean(); });
  const auto spectrum = at::randn({1, 2, 4, 64}, generator, at::kFloat);
  for (const bool bwe : {false, true}) {
    const auto v = vocoder_config(bwe);
    check_gradients(test::VocoderFiller(4).vocoder(v),
                    [&](const quant::Source& s) { return Vocoder(s, v).forward(spectrum).square().mean(); });
  }
}

TEST_CASE("optimizer steps on a small decoder lower its loss") {
  at::AutoGradMode enabled(true);
  const auto c = vae_config();
  auto tensors = test::VaeFiller(c, 2).decoder();
  for (auto& [name, value] : tensors) value.set_requires_grad(true);
  const Decoder decoder(source_of(tensors), c);
  auto generator = at::make_generator<at::CPUGeneratorImpl>(29);
  const auto latent = at::randn({1, 2, 2, 4}, generator, at::kFloat),
             target = at::randn({1, 2, 5, 16}, generator, at::kFloat);
  std::vector<double> losses;
  for (int i = 0; i < 5; ++i) {
    const auto loss = (decoder.forward(latent) - target).square().mean();
    losses.push_back(loss.item<double>());
    loss.backward();
    const at::NoGradGuard no_grad;
    for (auto& [name, value] : tensors) {
      value.sub_(value.grad() * 0.01);
      value.mutable_grad().reset();
    }
  }
  CHECK(losses.back() < 0.9 * losses.front());
}
