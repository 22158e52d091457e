#include "models/text/duration_head.h"

#include <cmath>

#include "base/error.h"
#include "models/text/fields.h"

namespace ltx::text {
namespace {

constexpr int64_t kTimeScale = 8;  // frames of a latent frame

/// To the nearest integer, halves to the even one.
int64_t round_even(double value) {
  return static_cast<int64_t>(value - std::remainder(value, 1.0));
}

}  // namespace

DurationHeadConfig DurationHeadConfig::parse(const nlohmann::json& transformer,
                                             const nlohmann::json& duration_head, const std::string& file) {
  const Fields widths(transformer, "'" + file + "': config.transformer");
  const Fields head(duration_head, "'" + file + "': config.duration_head");
  DurationHeadConfig config;
  config.video_width = widths.count("cross_attention_dim", config.video_width);
  config.audio_width = widths.count("audio_cross_attention_dim", config.audio_width);
  config.hidden = head.count("pooler_hidden_dim", config.hidden);
  config.queries = head.count("num_queries", config.queries);
  config.heads = head.count("num_pooler_heads", config.heads);
  config.mlp_hidden = head.count("mlp_hidden", config.mlp_hidden);
  if (config.hidden % config.heads != 0)
    head.wrong("pooler_hidden_dim", fmt::format("a multiple of num_pooler_heads ({})", config.heads),
               std::to_string(config.hidden));
  return config;
}

DurationHead::DurationHead(const DurationHeadConfig& config, const quant::Source& source)
    : config_(config),
      video_proj_(source / "video_input_proj", config.video_width, config.hidden),
      audio_proj_(source / "audio_input_proj", config.audio_width, config.hidden),
      video_embedding_(source.tensor("video_modality_emb", {config.hidden})),
      audio_embedding_(source.tensor("audio_modality_emb", {config.hidden})),
      queries_((source / "attention_pooler").tensor("query_tokens", {config.queries, config.hidden})),
      in_weight_((source / "attention_pooler" / "cross_attn")
                     .tensor("in_proj_weight", {3 * config.hidden, config.hidden})),
      in_bias_((source / "attention_pooler" / "cross_attn").tensor("in_proj_bias", {3 * config.hidden})),
      out_proj_(source / "attention_pooler" / "cross_attn" / "out_proj", config.hidden, config.hidden),
      mlp_hidden_(source / "mlp_hidden", config.hidden * config.queries, config.mlp_hidden),
      mlp_out_(source / "mlp_out", config.mlp_hidden, 1) {}

// tokens [1, T, hidden] -> [1, queries, hidden].
at::Tensor DurationHead::pool(const at::Tensor& tokens) const {
  const auto weights = in_weight_.chunk(3), biases = in_bias_.chunk(3);
  const auto by_head = [&](const at::Tensor& x, size_t part) {
    return at::linear(x, weights[part], biases[part]).unflatten(2, {config_.heads, -1}).transpose(1, 2);
  };
  const auto mixed = at::scaled_dot_product_attention(by_head(queries_.unsqueeze(0), 0), by_head(tokens, 1),
                                                      by_head(tokens, 2));
  return out_proj_(mixed.transpose(1, 2).flatten(2));
}

double DurationHead::operator()(const at::Tensor& video, const at::Tensor& audio) const {
  if (!video.defined() && !audio.defined())
    fail(Status::InvalidArgument,
         "the duration head got no context. Encode the prompt for video or audio first.");
  std::vector<at::Tensor> tokens;
  if (video.defined()) tokens.push_back(video_proj_(video) + video_embedding_);
  if (audio.defined()) tokens.push_back(audio_proj_(audio) + audio_embedding_);
  const auto pooled = pool(at::cat(tokens, 1)).flatten(1);
  const auto seconds = mlp_out_(at::gelu(mlp_hidden_(pooled), "tanh")).exp();
  if (seconds.numel() != 1)
    fail(Status::InvalidArgument,
         "the duration head got {} prompts at once; expected 1. Ask for one at a time.", seconds.numel());
  return seconds.item<double>();
}

int64_t frames_for(double seconds, double frame_rate, double min_seconds, double max_seconds) {
  const int64_t low = round_even(min_seconds * frame_rate), high = round_even(max_seconds * frame_rate);
  // Compared before rounding: a prediction may exceed every integer.
  const double wanted = std::isnan(seconds) ? static_cast<double>(low) : seconds * frame_rate;
  const int64_t clamped =
      std::max(low, wanted >= static_cast<double>(high) ? high : std::min(round_even(wanted), high));
  if (clamped < 1)
    fail(Status::InvalidArgument,
         "a clip of {} to {} seconds at {} frames per second has {} frames; expected at least 1. Raise the "
         "minimum.",
         min_seconds, max_seconds, frame_rate, clamped);
  const int64_t frames = (clamped - 1) / kTimeScale * kTimeScale + 1;
  if (frames >= low) return frames;
  return std::min((low - 1 + kTimeScale - 1) / kTimeScale * kTimeScale + 1, high);
}

}  // namespace ltx::text
