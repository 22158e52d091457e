#include "models/transformer/stream_ends.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "models/transformer/masks.h"
#include "models/transformer/modulation.h"
#include "nn/feed_forward.h"
#include "nn/norm.h"

namespace ltx::transformer {
namespace {

using Which = StreamEnds::Which;

std::string prefixed(Which which, std::string_view name) {
  return std::string(which == Which::Video ? "" : "audio_").append(name);
}

const StreamConfig& stream_of(Which which, const Config& config) {
  return which == Which::Video ? *config.video : *config.audio;
}

nn::RopeSpec rope_of(const Config& config, int64_t width, int64_t heads, std::vector<double> max_pos) {
  return {width, heads, std::move(max_pos), config.theta, config.rope_type, config.rope_grid};
}

/// The keyframe marker; some files lack it, some store it without the leading axis: zeros are neutral.
at::Tensor keyframe_embedding(const quant::Source& source, const StreamConfig& stream) {
  constexpr auto kName = "keyframes_abs_pos_embedding";
  if (!stream.keyframes || !source.has(kName)) return {};
  const bool flat = source.view().info(kName)->shape.size() == 1;
  return flat ? source.tensor(kName, {stream.width()}).unsqueeze(0)
              : source.tensor(kName, {1, stream.width()});
}

}  // namespace

StreamEnds::StreamEnds(const quant::Source& source, Which which, const Config& config)
    : which_(which),
      stream_(stream_of(which, config)),
      eps_(config.norm_eps),
      timestep_scale_(config.timestep_scale),
      cross_gate_factor_(config.cross_gate_timestep_scale / config.timestep_scale),
      compute_(source.compute()),
      device_(source.device()),
      rope_(rope_of(config, stream_.width(), stream_.heads, stream_.max_pos)),
      patchify_(source / prefixed(which, "patchify_proj"), stream_.in_channels, stream_.width()),
      proj_out_(source / prefixed(which, "proj_out"), stream_.width(), stream_.out_channels),
      adaln_(source / prefixed(which, "adaln_single"), stream_.width(), config.modulation_rows()),
      table_(source.tensor(prefixed(which, "scale_shift_table"), {2, stream_.width()})) {
  const int64_t width = stream_.width();
  if (config.prompt_adaln) prompt_adaln_.emplace(source / prefixed(which, "prompt_adaln_single"), width, 2);
  if (config.caption_channels > 0) {
    const auto caption = source / prefixed(which, "caption_projection");
    caption_.emplace(CaptionProjection{{caption / "linear_1", config.caption_channels, width},
                                       {caption / "linear_2", width, width}});
  }
  if (which == Which::Video) keyframes_ = keyframe_embedding(source, stream_);
  if (config.video && config.audio) {
    const bool video = which == Which::Video;
    cross_.emplace(CrossModules{
        {source / (video ? "av_ca_video_scale_shift_adaln_single" : "av_ca_audio_scale_shift_adaln_single"),
         width, 4},
        {source / (video ? "av_ca_a2v_gate_adaln_single" : "av_ca_v2a_gate_adaln_single"), width, 1}});
    const double longest = std::max(config.video->max_pos[0], config.audio->max_pos[0]);
    cross_rope_ = rope_of(config, config.audio->width(), stream_.heads, {longest});
  }
}

StreamConstants StreamEnds::constants(const latents::Modality& modality, bool with_other) const {
  const auto& latent = modality.latent;
  if (latent.dim() != 3 || latent.size(1) == 0 || latent.size(2) != stream_.in_channels) {
    fail(Status::InvalidArgument,
         "The {} latent has shape [{}]; expected [B, T, {}] with at least one token. "
         "Pass patchified tokens.",
         name(), fmt::join(latent.sizes(), ", "), stream_.in_channels);
  }
  StreamConstants c;
  c.batch = latent.size(0);
  c.tokens = latent.size(1);

  c.context = modality.context.to(device_, compute_);
  if (caption_) c.context = caption_->linear_2(nn::gelu_tanh(caption_->linear_1(c.context)));
  if (c.context.dim() != 3 || c.context.size(0) != c.batch || c.context.size(2) != stream_.width()) {
    fail(Status::InvalidArgument,
         "The {} text context has shape [{}]; expected [{}, S, {}]. "
         "Pass the encodings made for this model.",
         name(), fmt::join(c.context.sizes(), ", "), c.batch, stream_.width());
  }
  c.text_tokens = c.context.size(1);
  if (modality.context_mask) c.context_bias = text_bias(modality.context_mask->to(device_), compute_);
  if (modality.attention_mask) c.self_bias = strength_bias(modality.attention_mask->to(device_), compute_);

  const auto points = nn::midpoints(modality.positions.to(device_));
  c.rope = nn::rope_table(rope_, points, compute_);
  if (with_other) c.cross_rope = nn::rope_table(cross_rope_, points.narrow(1, 0, 1), compute_);
  if (keyframes_.defined() && modality.keyframes_mask) {
    c.keyframes = (modality.keyframes_mask->to(device_) > 0).to(compute_);
  }
  c.token_sample = sample_index(c.batch, c.tokens, device_);
  c.text_sample = sample_index(c.batch, c.text_tokens, device_);
  return c;
}

at::Tensor StreamEnds::patchify(const at::Tensor& latent, const StreamConstants& constants) const {
  const auto x = patchify_(latent.to(compute_));
  return constants.keyframes.defined() ? at::addcmul(x, constants.keyframes, keyframes_) : x;
}

StreamLevels StreamEnds::levels(const latents::Modality& modality, const at::Tensor& other_sigma,
                                const StreamConstants& constants) const {
  if (modality.sigma.numel() != 1 && modality.sigma.numel() != constants.batch) {
    fail(Status::InvalidArgument,
         "The noise level of the {} stream has shape [{}]; expected [{}]. Pass one level per sample.", name(),
         fmt::join(modality.sigma.sizes(), ", "), constants.batch);
  }
  const auto distinct = distinct_levels(modality.timesteps, constants.batch, constants.tokens);
  const auto own = distinct.values * timestep_scale_;
  StreamLevels levels;
  levels.index = distinct.index;
  auto [main, embedded] = adaln_(own);
  levels.main = main;
  levels.embedded = embedded;
  if (prompt_adaln_)
    levels.prompt = (*prompt_adaln_)(modality.sigma.reshape({-1}) * timestep_scale_).modulation;
  if (other_sigma.defined()) {
    if (other_sigma.numel() > 1 && (other_sigma.dim() != 1 || other_sigma.size(0) != constants.batch)) {
      fail(Status::InvalidArgument,
           "The noise level that gates the {} stream has shape [{}]; expected [{}]. Pass one level per "
           "sample.",
           name(), fmt::join(other_sigma.sizes(), ", "), constants.batch);
    }
    levels.cross = cross_->scale_shift(own).modulation;
    levels.cross_gate =
        cross_->gate(other_sigma.reshape({-1}) * timestep_scale_ * cross_gate_factor_).modulation;
  }
  return levels;
}

at::Tensor StreamEnds::velocity(const at::Tensor& x, const StreamLevels& levels) const {
  const auto rows = table_ + levels.embedded.unsqueeze(1);  // [U, 2, D]: shift, scale
  const kernels::TokenRows shift{rows.select(1, 0), levels.index}, scale{rows.select(1, 1), levels.index};
  return proj_out_(modulate(nn::layer_norm(x, eps_), {scale, shift}));
}

}  // namespace ltx::transformer
