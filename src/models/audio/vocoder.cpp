#include "models/audio/vocoder.h"

namespace ltx::audio {

Vocoder::Vocoder(const quant::Source& source, const VocoderConfig& c)
    : sampling_rate_(c.sampling_rate),
      device_(source.device()),
      arithmetic_(c.bwe ? at::kFloat : source.compute()),
      main_(c.bwe ? source / "vocoder" : source, arithmetic_, c.main) {
  if (c.bwe) extender_.emplace(source, *c.bwe);
}

at::Tensor Vocoder::forward(const at::Tensor& mel, const Monitor& monitor) const {
  const auto wave = main_.forward(mel.to(device_, arithmetic_), monitor);
  return extender_ ? extender_->forward(wave, monitor).to(mel.scalar_type()) : wave;
}

Waveform decode_audio(const Decoder& decoder, const Vocoder& vocoder, const at::Tensor& latent,
                      WaveRounding rounding, const Monitor& monitor) {
  const auto mel = decoder.forward(latent, monitor);
  auto samples =
      vocoder.forward(rounding == WaveRounding::Full ? mel.to(at::kFloat) : mel, monitor).to(at::kFloat);
  return {samples.size(0) == 1 ? samples.squeeze(0) : samples, vocoder.sampling_rate()};
}

}  // namespace ltx::audio
