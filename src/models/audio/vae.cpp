#include "models/audio/vae.h"

#include "base/error.h"
#include "models/audio/resample.h"

namespace ltx::audio {
namespace {

/// Mel bins that the encoder's downsamplings leave.
int64_t encoded_bins(const VaeConfig& c) {
  int64_t bins = c.mel_bins;
  for (int64_t level = 0; level + 1 < c.levels(); ++level)
    bins = c.causality == Causality::Width ? (bins + 1) / 2 : bins / 2;
  return bins;
}

/// Channels of the mean: the first half of what the encoder computes.
int64_t encoded_channels(const VaeConfig& c) {
  return c.double_z ? c.z_channels : (c.z_channels + 1) / 2;
}

VaeConfig checked(const VaeConfig& c, const quant::Source& source) {
  if (c.ch != encoded_channels(c) * encoded_bins(c))
    fail(Status::ModelConfig,
         "{}: config 'audio_vae.model.params.ddconfig.ch' must be latent channels · latent bins = {} · {}, "
         "found {}. Check "
         "z_channels, mel_bins and ch_mult.",
         source.view().store().describe(), encoded_channels(c), encoded_bins(c), c.ch);
  return c;
}

/// Cuts an axis to `length`, or appends zeros (§8 step 5).
at::Tensor fit(const at::Tensor& x, int64_t axis, int64_t length) {
  const int64_t missing = length - x.size(axis);
  if (missing == 0) return x;
  if (missing < 0) return x.narrow(axis, 0, length);
  auto shape = x.sizes().vec();
  shape[static_cast<size_t>(axis)] = missing;
  return at::cat({x, at::zeros(shape, x.options())}, axis);
}

}  // namespace

Encoder::Encoder(const quant::Source& source, const VaeConfig& c)
    : config_(checked(c, source)),
      device_(source.device()),
      compute_(source.compute()),
      front_end_(c.sampling_rate, c.n_fft, c.hop_length, c.mel_bins, source.device()),
      conv_in_(source / "conv_in", c.causality, c.in_channels, c.ch, 3),
      middle_(source / "mid", c, c.width(c.levels() - 1), c.mid_block_add_attention && c.encoder_attention),
      head_(source, c, c.width(c.levels() - 1), c.double_z ? 2 * c.z_channels : c.z_channels),
      statistics_(source, encoded_channels(c), encoded_bins(c)) {
  int64_t width = c.ch;
  for (int64_t l = 0; l < c.levels(); ++l) {
    const auto place = source / "down" / l;
    Level level{
        make_stages(place, c, c.num_res_blocks, width, c.width(l), c.attention_at(l) && c.encoder_attention),
        {}};
    width = c.width(l);
    if (l + 1 < c.levels()) level.downsample.emplace(place / "downsample", c, width);
    levels_.push_back(std::move(level));
  }
}

at::Tensor Encoder::forward(const at::Tensor& mel, const Monitor& monitor) const {
  if (mel.dim() != 4 || mel.size(1) != config_.in_channels || mel.size(3) != config_.mel_bins)
    fail(Status::InvalidArgument,
         "a log-mel spectrum for this model is [B, {}, frames, {}], not {}. Use the model's front end.",
         config_.in_channels, config_.mel_bins, c10::str(mel.sizes()));
  if (config_.causality != Causality::Height && mel.size(2) >> (config_.levels() - 1) == 0)
    fail(Status::InvalidArgument,
         "the sound has {} mel frames, the encoder needs at least {}. Give a longer sound.", mel.size(2),
         int64_t{1} << (config_.levels() - 1));
  auto x = conv_in_(mel.to(device_, compute_));
  for (const auto& level : levels_) {
    for (const auto& stage : level.stages) {
      monitor.checkpoint();
      x = stage(x);
    }
    if (level.downsample) x = (*level.downsample)(x);
  }
  monitor.checkpoint();
  x = head_(middle_(x));
  // The mean; what follows is the logarithm of the variance, which nobody draws from.
  return statistics_.normalize(x.chunk(2, 1)[0]);
}

at::Tensor Encoder::spectrum(const at::Tensor& waveform, int64_t rate) const {
  if (waveform.dim() != 3 || waveform.size(1) < 1)
    fail(Status::InvalidArgument,
         "a waveform is [B, channels, samples], not {}. Add the axes that are missing.",
         c10::str(waveform.sizes()));
  return front_end_(resample(to_stereo(waveform.to(device_, at::kFloat)), rate, config_.sampling_rate));
}

at::Tensor Encoder::encode(const at::Tensor& waveform, int64_t rate, const Monitor& monitor) const {
  const auto mel = spectrum(waveform, rate);
  monitor.checkpoint();
  return forward(mel, monitor);
}

Decoder::Decoder(const quant::Source& source, const VaeConfig& c)
    : config_(c),
      device_(source.device()),
      compute_(source.compute()),
      statistics_(source, c.z_channels, c.latent_bins()),
      conv_in_(source / "conv_in", c.causality, c.z_channels, c.width(c.levels() - 1), 3),
      middle_(source / "mid", c, c.width(c.levels() - 1), c.mid_block_add_attention),
      head_(source, c, c.width(0), c.out_ch) {
  int64_t width = c.width(c.levels() - 1);
  for (int64_t l = c.levels() - 1; l >= 0; --l) {
    const auto place = source / "up" / l;
    Level level{make_stages(place, c, c.num_res_blocks + 1, width, c.width(l), c.attention_at(l)), {}};
    width = c.width(l);
    if (l > 0) level.upsample.emplace(place / "upsample", c, width);
    levels_.push_back(std::move(level));
  }
}

at::Tensor Decoder::forward(const at::Tensor& latent, const Monitor& monitor) const {
  if (latent.dim() != 4 || latent.size(2) < 1)
    fail(Status::InvalidArgument,
         "an audio latent is [B, channels, frames, bins] with at least one frame, not {}.",
         c10::str(latent.sizes()));
  auto x = conv_in_(statistics_.unnormalize(latent.to(device_, compute_)));
  monitor.checkpoint();
  x = middle_(x);
  for (const auto& level : levels_) {
    for (const auto& stage : level.stages) {
      monitor.checkpoint();
      x = stage(x);
    }
    if (level.upsample) x = (*level.upsample)(x);
  }
  x = head_(x);
  const int64_t frames = kTemporalFactor * latent.size(2);
  const bool causal = config_.causality != Causality::None;
  return fit(fit(x, 2, causal ? std::max<int64_t>(frames - (kTemporalFactor - 1), 1) : frames), 3,
             config_.mel_bins);
}

}  // namespace ltx::audio
