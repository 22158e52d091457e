// Golden group `audio`: mel front end, resampling, geometry, audio VAE, vocoders.
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "diffusion/conditioning.h"
#include "golden.h"
#include "latents/geometry.h"
#include "latents/patchify.h"
#include "latents/positions.h"
#include "media/audio_reader.h"
#include "media/pcm.h"
#include "media/tensors.h"
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
        source(part.view, device(),
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
                                     c.params.at("hop_length"), c.params.at("mel_bins"), device());
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

Results geometry(const Case& c) {
  const auto latent = c.input("latent"), clips = c.input("frames_fps"), durations = c.input("durations");
  const latents::AudioShape shape{latent.size(0), latent.size(1), latent.size(2), latent.size(3)};
  const latents::AudioTiming timing{c.params.at("sample_rate"), c.params.at("hop_length"),
                                    c.params.at("downsample_factor")};
  std::vector<at::Tensor> of_clips, of_durations;
  for (int64_t i = 0; i < clips.size(0); ++i) {
    const auto frames = static_cast<int64_t>(clips[i][0].item<double>());
    of_clips.push_back(
        integer(latents::audio_latent_shape_of_clip(1, frames, clips[i][1].item<double>()).frames));
  }
  for (int64_t i = 0; i < durations.size(0); ++i)
    of_durations.push_back(integer(latents::audio_latent_shape(1, durations[i].item<double>()).frames));
  return {.tensors = {{"latent_frames", at::cat(of_clips)},
                      {"latent_frames_of_duration", at::cat(of_durations)},
                      {"tokens", latents::patchify_audio(latent)},
                      {"positions", latents::audio_positions(shape, timing, device(), c.params.at("shift"),
                                                             c.params.at("is_causal").get<bool>())},
                      {"reference_positions",
                       diffusion::reference_audio(latent, /*before_clip=*/true).positions}},
          .values = {}};
}

Results pcm16(const Case& c) {
  auto wave = c.input("waveform");
  if (wave.size(1) == 2) wave = wave.t();  // (2, 2) is two samples of two channels (spec 05 §10)
  wave = wave.contiguous();
  const auto channel = [&](int64_t i) {
    return std::span(wave[i].data_ptr<float>(), static_cast<size_t>(wave.size(1)));
  };
  auto samples = media::pcm16_stereo(channel(0), channel(1));
  return {.tensors = {{"pcm", at::from_blob(samples.data(), {wave.size(1), 2}, at::kShort).clone()}},
          .values = {}};
}

/// A file of the case's bytes, removed at the end.
struct TemporaryFile {
  std::filesystem::path path;

  explicit TemporaryFile(const at::Tensor& bytes) {
    path = std::filesystem::temp_directory_path() / ("ltx-golden-" + std::to_string(::getpid()) + ".wav");
    std::ofstream(path, std::ios::binary)
        .write(static_cast<const char*>(bytes.const_data_ptr()), static_cast<std::streamsize>(bytes.numel()));
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
};

Results read(const Case& c) {
  const TemporaryFile file(c.input("file"));
  media::AudioWindow window;
  window.start_time = c.param("start_time", 0.0);
  window.reference_parity = true;
  if (!c.params.at("max_duration").is_null()) window.max_duration = c.params["max_duration"].get<double>();
  const auto audio = media::read_audio(file.path, window);
  TORCH_CHECK(audio, "the window holds no sound");
  return {.tensors = {{"waveform", media::as_tensor(*audio)}, {"sampling_rate", integer(audio->sample_rate)}},
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
  registry["audio.geometry"] = geometry;
  registry["audio.pcm16"] = pcm16;
  registry["audio.read"] = read;
}

}  // namespace ltx::golden
