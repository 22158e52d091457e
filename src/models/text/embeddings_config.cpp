#include "models/text/embeddings_config.h"

#include "base/error.h"
#include "models/text/fields.h"

namespace ltx::text {
namespace {

// The projections' output is the connector's input, so the transformer's width has to be the connector's
// (spec 03 §6.5).
void require_width(const Fields& fields, const std::string& prefix, const ConnectorConfig& connector) {
  const auto heads = prefix + "num_attention_heads", dim = prefix + "attention_head_dim";
  const int64_t width = fields.count(heads) * fields.count(dim);
  if (width != connector.width())
    fields.wrong(dim,
                 fmt::format("{} · {} = {}, the width of the {}connector", heads, dim, connector.width(),
                             prefix.empty() ? "video_" : prefix),
                 std::to_string(width));
}

}  // namespace

EmbeddingsConfig EmbeddingsConfig::parse(const nlohmann::json& transformer, const std::string& file) {
  if (transformer.is_null())
    fail(Status::ModelConfig,
         "'{}': config.transformer: expected an object in the metadata of the file, found none. Use the "
         "published file, "
         "which carries its configuration.",
         file);
  const Fields fields(transformer, "'" + file + "': config.transformer");
  EmbeddingsConfig config;
  config.version = extractor_version(transformer, file);

  ConnectorConfig& video = config.video;
  video.heads = fields.count("connector_num_attention_heads", 30);
  video.head_dim = fields.count("connector_attention_head_dim", 128);
  video.layers = fields.layers("connector_num_layers", 2, 0);
  const auto max_pos = fields.integers("connector_positional_embedding_max_pos", {1});
  if (max_pos.empty() || max_pos.front() <= 0)
    fields.wrong("connector_positional_embedding_max_pos", "a list with a number above zero");
  video.max_pos = static_cast<double>(max_pos.front());
  video.gated = fields.boolean("connector_apply_gated_attention", false);
  video.ff_bias = fields.boolean("connector_ff_bias", true);
  const auto rope = nn::rope_type_named(fields.text("rope_type", "split"));
  if (!rope) fields.wrong("rope_type", "'split' or 'interleaved'");
  video.rope = *rope;
  // Any other value, of any type, selects the fp32 grid.
  const auto precision = transformer.find("frequencies_precision");
  if (precision != transformer.end() && precision->is_string())
    video.grid = nn::rope_grid_named(precision->get<std::string>());

  ConnectorConfig& audio = config.audio;
  audio = video;
  audio.heads = fields.count("audio_connector_num_attention_heads", video.heads);
  audio.head_dim = fields.count("audio_connector_attention_head_dim", video.head_dim);
  audio.layers = fields.layers("audio_connector_num_layers", video.layers, 0);

  for (const auto* connector : {&video, &audio})
    if (connector->head_dim % 2 != 0 && connector->rope == nn::RopeType::Split)
      fields.wrong(
          connector == &video ? "connector_attention_head_dim" : "audio_connector_attention_head_dim",
          "an even number", std::to_string(connector->head_dim));
  if (config.version == ExtractorVersion::V2) {
    require_width(fields, "", video);
    require_width(fields, "audio_", audio);
  } else if (audio.width() != video.width()) {
    fields.wrong("audio_connector_attention_head_dim",
                 fmt::format("the width of the video connector, {}, since both read the same projection",
                             video.width()),
                 std::to_string(audio.width()));
  }
  return config;
}

}  // namespace ltx::text
