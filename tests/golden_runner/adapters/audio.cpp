// Golden group `audio`: mel front end, resampling, geometry, audio VAE, vocoders.
#include "golden.h"

#include "models/audio/resample.h"
#include "models/audio/vocoder.h"
#include "weights/checkpoint.h"

namespace ltx::golden {
namespace {

using weights::Component;

/// A component of the case's checkpoint, its floating tensors cast to the dtype that the case loads in.
struct Opened {
  weights::Part part;
  quant::Source source;

  Opened(const Case& c, Component component)
      : part(weights::Checkpoint(c.weight("checkpoint")).open(component)),
        source(part.view, at::kCPU,
               c.params.contains("load_dtype") ? dtype_named(c.params["load_dtype"]) : c.compute_dtype) {}
};

audio::Encoder encoder(const Case& c) {
  const Opened opened(c, Component::AudioEncoder);
  return {opened.source, audio::VaeConfig::parse(opened.part.config, opened.part.file)};
}

audio::Decoder decoder(const Case& c) {
  const Opened opened(c, Component::AudioDecoder);
  return {opened.source, audio::VaeConfig::parse(opened.part.config, opened.part.file)};
}

audio::Vocoder vocoder(const Case& c) {
  const Opened opened(c, Component::Vocoder);
  return {opened.source, audio::VocoderConfig::parse(opened.part.config, opened.part.file)};
}

at::Tensor integer(int64_t value) {
  return at::tensor({value}, at::kLong);
}

Results mel(const Case& c) {
  Results r;
  const audio::MelFrontEnd front_end(c.params.at("sample_rate"), c.params.at("n_fft"),
                                     c.params.at("hop_length"), c.params.at("mel_bins"), at::kCPU);
  auto wave = c.input("waveform");
  if (c.param("to_stereo", false)) wave = audio::to_stereo(wave);
  r.tensors["stereo"] = wave;
  wave = audio::resample(wave, c.params.at("source_rate"), c.params.at("sample_rate"));
  r.tensors["resampled"] = wave;
  r.tensors["mel"] = front_end(wave);
  r.tensors["filterbank"] = front_end.filterbank();
  r.tensors["window"] = front_end.window();
  return r;
}

Results resample(const Case& c) {
  return {.tensors = {{"resampled",
                       audio::resample(c.input("waveform"), c.params.at("from"), c.params.at("to"))}},
          .values = {}};
}

Results resample_length(const Case& c) {
  const auto clips = c.input("samples_from_to");
  std::vector<at::Tensor> lengths;
  for (int64_t i = 0; i < clips.size(0); ++i) {
    const auto value = [&](int64_t column) { return clips[i][column].item<int64_t>(); };
    lengths.push_back(integer(audio::resampled_length(value(0), value(1), value(2))));
  }
  return {.tensors = {{"length", at::cat(lengths)}}, .values = {}};
}

Results vae_encode(const Case& c) {
  return {.tensors = {{"latent", encoder(c).forward(c.input("mel"))}}, .values = {}};
}

Results encode(const Case& c) {
  const auto network = encoder(c);
  const int64_t rate = c.params.at("source_rate");
  return {.tensors = {{"latent", network.encode(c.input("waveform"), rate)},
                      {"mel", network.spectrum(c.input("waveform"), rate).to(c.compute_dtype)}},
          .values = {}};
}

Results vae_decode(const Case& c) {
  return {.tensors = {{"mel", decoder(c).forward(c.input("latent"))}}, .values = {}};
}

Results vocode(const Case& c) {
  const auto network = vocoder(c);
  return {.tensors = {{"waveform", network.forward(c.input("mel"))},
                      {"sampling_rate", integer(network.sampling_rate())}},
          .values = {}};
}

Results decode(const Case& c) {
  const auto network = decoder(c);
  const auto wave = audio::decode_audio(network, vocoder(c), c.input("latent"));
  return {.tensors = {{"waveform", wave.samples},
                      {"sampling_rate", integer(wave.sampling_rate)},
                      {"mel", network.forward(c.input("latent"))}},
          .values = {}};
}

}  // namespace

void register_audio(Registry& registry) {
  registry["audio.mel"] = mel;
  registry["audio.resample"] = resample;
  registry["audio.resample_length"] = resample_length;
  registry["audio.vae_encode"] = vae_encode;
  registry["audio.encode"] = encode;
  registry["audio.vae_decode"] = vae_decode;
  registry["audio.vocoder"] = vocode;
  registry["audio.vocoder_bwe"] = vocode;
  registry["audio.decode"] = decode;
}

}  // namespace ltx::golden
