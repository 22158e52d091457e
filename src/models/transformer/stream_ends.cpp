#include "models/transformer/stream_ends.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "latents/same_view.h"
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

/// One sample of [B, …] where all samples are alike, else all of them.
at::Tensor of_one_sample(const at::Tensor& t) {
  if (t.dim() == 0 || t.size(0) <= 1) return t;
  const auto first = t.narrow(0, 0, 1);
  return at::equal(t, first.expand_as(t)) ? first : t;
}

at::Tensor of_one_sample(const std::optional<at::Tensor>& t) {
  return t ? of_one_sample(*t) : at::Tensor();
}

/// Whether both are undefined or have the same values. Once per request, so a device may be waited for.
bool alike(const at::Tensor& a, const at::Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  if (latents::same_view(a, b)) return true;
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.device() == b.device() &&
         at::equal(a, b);
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

StreamConstants StreamEnds::constants(const latents::Modality& modality, bool with_other,
                                      at::ArrayRef<const StreamConstants*> known) const {
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
  c.text = text(modality, c.batch, known);
  c.geometry = geometry(modality, with_other, known);
  const auto& mask = modality.denoise_mask;
  if (mask && mask->numel() == c.batch * c.tokens) {
    for (const auto* other : known)
      if (!c.pattern && other->pattern && alike(other->pattern->mask, *mask)) c.pattern = other->pattern;
    if (!c.pattern)
      c.pattern = std::make_shared<LevelPattern>(level_pattern(*mask, c.batch, c.tokens, device_));
  }
  c.token_sample = sample_index(c.batch, c.tokens, device_);
  return c;
}

std::shared_ptr<TextConstants> StreamEnds::text(const latents::Modality& modality, int64_t batch,
                                                at::ArrayRef<const StreamConstants*> known) const {
  const auto mask = modality.context_mask.value_or(at::Tensor());
  for (const auto* other : known)
    if (alike(other->text->given, modality.context) && alike(other->text->given_mask, mask))
      return other->text;
  auto text = std::make_shared<TextConstants>();
  text->given = modality.context;
  text->given_mask = mask;
  auto& context = text->context;
  context = modality.context.to(device_, compute_);
  if (caption_) context = caption_->linear_2(nn::gelu_tanh(caption_->linear_1(context)));
  if (context.dim() != 3 || context.size(0) != batch || context.size(2) != stream_.width()) {
    fail(Status::InvalidArgument,
         "The {} text context has shape [{}]; expected [{}, S, {}]. "
         "Pass the encodings made for this model.",
         name(), fmt::join(context.sizes(), ", "), batch, stream_.width());
  }
  if (mask.defined()) text->bias = text_bias(mask.to(device_), compute_);
  text->sample = sample_index(batch, context.size(1), device_);
  return text;
}

std::shared_ptr<const Geometry> StreamEnds::geometry(const latents::Modality& modality, bool with_other,
                                                     at::ArrayRef<const StreamConstants*> known) const {
  auto made = std::make_shared<Geometry>();
  made->positions = of_one_sample(modality.positions);
  made->attention_mask = of_one_sample(modality.attention_mask);
  if (keyframes_.defined()) made->keyframes_mask = of_one_sample(modality.keyframes_mask);
  for (const auto* other : known) {
    const auto& g = *other->geometry;
    if (g.cross_rope.defined() == with_other && alike(g.positions, made->positions) &&
        alike(g.attention_mask, made->attention_mask) && alike(g.keyframes_mask, made->keyframes_mask))
      return other->geometry;
  }
  if (made->attention_mask.defined())
    made->self_bias = strength_bias(made->attention_mask.to(device_), compute_);
  const auto points = nn::midpoints(made->positions.to(device_));
  made->rope = nn::rope_table(rope_, points, compute_);
  if (with_other) made->cross_rope = nn::rope_table(cross_rope_, points.narrow(1, 0, 1), compute_);
  if (made->keyframes_mask.defined()) made->keyframes = (made->keyframes_mask.to(device_) > 0).to(compute_);
  return made;
}

at::Tensor StreamEnds::patchify(const at::Tensor& latent, const StreamConstants& constants) const {
  const auto x = patchify_(latent.to(compute_));
  const auto& keyframes = constants.geometry->keyframes;
  return keyframes.defined() ? at::addcmul(x, keyframes, keyframes_) : x;
}

StreamLevels StreamEnds::levels(const latents::Modality& modality, const at::Tensor& other_sigma,
                                const StreamConstants& constants) const {
  if (modality.sigma.numel() != 1 && modality.sigma.numel() != constants.batch) {
    fail(Status::InvalidArgument,
         "The noise level of the {} stream has shape [{}]; expected [{}]. Pass one level per sample.", name(),
         fmt::join(modality.sigma.sizes(), ", "), constants.batch);
  }
  const auto distinct =
      distinct_levels(modality.timesteps, constants.batch, constants.tokens, constants.pattern.get());
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
