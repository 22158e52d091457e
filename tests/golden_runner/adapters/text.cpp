// Group `text`: prompt to context tensors.
#include "adapters/text.h"

#include "base/error.h"
#include "golden.h"
#include "models/text/duration_head.h"
#include "models/text/enhancer.h"
#include "models/text/text_encoder.h"
#include "models/text/vision_tower.h"
#include "weights/checkpoint.h"
#include "weights/model_files.h"

namespace ltx::golden {
namespace {

using text::Ids;

at::Tensor ids_tensor(const Ids& ids) {
  return at::tensor(ids, at::kLong);
}

Results tokenize(const Case& c) {
  const auto tokenizer = text::Tokenizer::open(c.weight("text_encoder"));
  std::vector<int64_t> lengths;
  Ids all;
  std::vector<Ids> rows;
  for (const auto& prompt : c.params.at("prompts")) {
    rows.push_back(tokenizer.encode(prompt.get<std::string>()));
    lengths.push_back(static_cast<int64_t>(rows.back().size()));
    all.insert(all.end(), rows.back().begin(), rows.back().end());
  }
  std::vector<Ids> padded;
  for (const auto index : c.param("padded", std::vector<size_t>{})) padded.push_back(rows.at(index));
  const auto batch = tokenizer.pad(padded, text::kPromptLength);
  return {{{"lengths", ids_tensor(lengths)},
           {"ids", ids_tensor(all)},
           {"padded_ids", batch.ids},
           {"padded_mask", batch.mask}},
          {}};
}

Results detokenize(const Case& c) {
  const auto tokenizer = text::Tokenizer::open(c.weight("text_encoder"));
  Results results;
  for (size_t i = 0; const auto& ids : c.params.at("ids"))
    results.tensors["text." + std::to_string(i++)] = text_tensor(tokenizer.decode(ids.get<Ids>()));
  return results;
}

Results gemma(const Case& c) {
  const weights::TextEncoderFiles files(c.weight("text_encoder"));
  const auto part = files.open();
  const auto config = text::GemmaConfig::parse(files.config(), part.file);
  const text::Gemma model(config, quant::Source(part.view, device(), c.compute_dtype) / "language_model");
  const auto mask = c.input("attention_mask");
  Results results;
  model.states(c.input("input_ids"), mask, 0, Monitor::silent(), [&](int64_t index, const at::Tensor& state) {
    results.tensors["hidden_states." + std::to_string(index)] =
        state * mask.unsqueeze(-1).to(state.scalar_type());
  });
  return results;
}

text::EmbeddingsProcessor make_processor(const weights::Part& part, const text::GemmaConfig& gemma,
                                         at::ScalarType dtype) {
  const auto config = text::EmbeddingsConfig::parse(part.config, part.file);
  return {config, gemma.hidden, gemma.states(), quant::Source(part.view, device(), dtype)};
}

Results feature_extractor(const Case& c) {
  const weights::TextEncoderFiles files(c.weight("text_encoder"));
  const auto gemma = text::GemmaConfig::parse(files.config(), files.path().string());
  const auto part = weights::Checkpoint(c.weight("checkpoint")).open(weights::Component::Embeddings);
  const auto processor = make_processor(part, gemma, c.compute_dtype);
  const auto states = c.input("hidden_states").to(c.compute_dtype).unbind(0);
  const auto stacked = processor.extractor().stack(states, c.input("attention_mask").to(at::kBool));
  const auto [video, audio] = processor.extractor().project(stacked);
  return {{{"video_features", video},
           {"audio_features", audio},
           {"projection_input", processor.extractor().video_input(stacked)}},
          {}};
}

Results connector(const Case& c) {
  const weights::TextEncoderFiles files(c.weight("text_encoder"));
  const weights::Checkpoint checkpoint(c.weight("checkpoint"));
  weights::check_text_encoder_pairing(checkpoint.metadata(), files.config(), files.path().string());
  const auto gemma = text::GemmaConfig::parse(files.config(), files.path().string());
  const auto processor =
      make_processor(checkpoint.open(weights::Component::Embeddings), gemma, c.compute_dtype);
  const auto mask = c.input("attention_mask").to(at::kBool);
  Results results;
  const auto video = c.input("video_features").to(c.compute_dtype);
  const auto length = video.size(1);
  results.tensors["video_encoding"] = processor.video_connector()(
      video, mask, length, Monitor::silent(), [&](int64_t index, const at::Tensor& hidden) {
        if (index == 0) results.tensors["video.block0.input"] = hidden;
        if (index == 1) results.tensors["video.block0.output"] = hidden;
      });
  results.tensors["audio_encoding"] = processor.audio_connector()(
      c.input("audio_features").to(c.compute_dtype), mask, length, Monitor::silent());
  return results;
}

Results encode(const Case& c) {
  const weights::TextEncoderFiles files(c.weight("text_encoder"));
  std::vector<std::filesystem::path> paths = {
      c.weight(c.has_weight("checkpoint") ? "checkpoint" : "transformer")};
  if (files.packed()) paths.push_back(files.path());
  const weights::Checkpoint checkpoint(paths);
  weights::check_text_encoder_pairing(checkpoint.metadata(), files.config(), files.path().string());

  const text::TextEncoder encoder(files, quant::Source(files.open().view, device(), c.compute_dtype));
  const auto prompts =
      encoder.encode(c.params.at("prompts").get<std::vector<std::string>>(), Monitor::silent());
  const auto processor = make_processor(checkpoint.open(weights::Component::Embeddings),
                                        encoder.model().config(), c.compute_dtype);
  const auto features = processor.features(prompts);
  const auto contexts = processor.contexts(features, prompts.mask, Monitor::silent());

  Results results;
  const auto rows = c.input("rows").to(at::kLong);
  for (int64_t i = 0; i < prompts.mask.size(0); ++i) {
    const auto valid = prompts.mask[i];
    const auto put = [&](const std::string& name, const at::Tensor& value) {
      results.tensors[name + "." + std::to_string(i)] = value;
    };
    put("token_count", valid.sum().view(1));
    put("hidden.first", prompts.states.front()[i].index({valid}));
    put("hidden.last", prompts.states.back()[i].index({valid}));
    put("video_features", features.video[i].index({valid}));
    put("audio_features", features.audio[i].index({valid}));
    put("video_context", contexts.video[i].index_select(0, rows));
    put("audio_context", contexts.audio[i].index_select(0, rows));
  }
  return results;
}

Results duration_head(const Case& c) {
  const weights::Checkpoint checkpoint(c.weight("duration_head"));
  const auto part = checkpoint.open(weights::Component::DurationHead);
  const auto config =
      text::DurationHeadConfig::parse(checkpoint.metadata().section("transformer"), part.config, part.file);
  const text::DurationHead head(config, quant::Source(part.view, device(), c.compute_dtype));
  const auto item = [&](const std::string& name, int64_t index) {
    return c.has_input(name) ? c.input(name).slice(0, index, index + 1).to(c.compute_dtype) : at::Tensor();
  };
  const auto batch = c.input(c.has_input("video_encoding") ? "video_encoding" : "audio_encoding").size(0);
  const auto& queries = c.params.at("queries");
  std::vector<double> seconds;
  std::vector<int64_t> frames;
  for (int64_t i = 0; i < batch; ++i) {
    seconds.push_back(head(item("video_encoding", i), item("audio_encoding", i)));
    for (const auto& query : queries)
      frames.push_back(text::frames_for(seconds.back(), query.at("frame_rate").get<double>(),
                                        query.at("min_seconds").get<double>(),
                                        query.at("max_seconds").get<double>()));
  }
  return {{{"seconds", at::tensor(seconds, at::kDouble)},
           {"num_frames", ids_tensor(frames).view({batch, static_cast<int64_t>(queries.size())})}},
          {}};
}

Results clean_response(const Case& c) {
  Results results;
  for (size_t i = 0; const auto& text : c.params.at("texts"))
    results.tensors["text." + std::to_string(i++)] = text_tensor(text::clean_reply(text.get<std::string>()));
  return results;
}

Results generate(const Case& c) {
  const weights::TextEncoderFiles files(c.weight("text_encoder"));
  const text::TextEncoder encoder(files, quant::Source(files.open().view, device(), c.compute_dtype));
  const auto chat = text::render_chat(c.params.at("system_prompt").get<std::string>(),
                                      text::text_request(c.params.at("prompt").get<std::string>()));
  text::GenerationOptions options;
  options.sample = false;
  options.max_new_tokens = c.params.at("max_new_tokens").get<int64_t>();
  std::vector<at::Tensor> logits;
  const auto reply = text::generate_reply(encoder, chat, options, Monitor::silent(),
                                          [&](const at::Tensor& step) { logits.push_back(step); });
  return {{{"prompt_ids", reply.prompt.ids[0]},
           {"prompt_mask", reply.prompt.mask[0]},
           {"generated_ids", ids_tensor(reply.ids)},
           {"text_utf8", text_tensor(reply.text)},
           {"cleaned_utf8", text_tensor(text::clean_reply(reply.text))},
           {"logits", at::stack({logits.at(0), logits.at(1), logits.back()})}},
          {}};
}

Results gemma_image(const Case& c) {
  const weights::TextEncoderFiles files(c.weight("text_encoder"));
  const auto part = files.open();
  const quant::Source source(part.view, device(), c.compute_dtype);
  const text::TextEncoder encoder(files, source);
  const auto& model = encoder.model();
  const text::VisionTower tower(text::VisionConfig::parse(files.config(), model.config().hidden, part.file),
                                source);
  const auto mask = c.input("attention_mask");
  Results results;
  results.tensors["embeddings"] = tower.embed(c.input("pixel_values"));
  results.tensors["tower"] = tower.encode(results.tensors["embeddings"]);
  results.tensors["image_features"] = tower.project(results.tensors["tower"]);
  const auto embedded = text::place_images(model.embed(c.input("input_ids")), c.input("token_type_ids"),
                                           results.tensors["image_features"]);
  model.run(embedded, text::layout_padded(mask, 0, model.config().sliding_window, c.input("token_type_ids")),
            Monitor::silent(), [&](int64_t index, const at::Tensor& state) {
              results.tensors["hidden_states." + std::to_string(index)] =
                  state * mask.unsqueeze(-1).to(state.scalar_type());
            });
  return results;
}

Results detect(const Case& c) {
  std::vector<int64_t> accepted, versions;
  for (const auto& item : c.params.at("items")) {
    std::map<std::string, std::string, std::less<>> raw;
    for (const auto& [key, value] : item.at("metadata").items()) raw[key] = value.get<std::string>();
    const weights::Metadata metadata(raw, "metadata");
    try {
      weights::check_text_encoder_pairing(metadata, item.at("gemma_config"), "config.json");
      accepted.push_back(1);
    } catch (const Error&) {
      accepted.push_back(0);
    }
    try {
      versions.push_back(
          static_cast<int64_t>(text::extractor_version(metadata.section("transformer"), "metadata")));
    } catch (const Error&) {
      versions.push_back(0);
    }
  }
  return {{{"pairing_accepted", ids_tensor(accepted)}, {"feature_extractor", ids_tensor(versions)}}, {}};
}

}  // namespace

at::Tensor text_tensor(const std::string& text) {
  return at::tensor(std::vector<uint8_t>(text.begin(), text.end()), at::kByte);
}

Results tokenize_folder(const Case& c) {
  const auto tokenizer = text::Tokenizer::open(c.weight("text_encoder"));
  std::vector<Ids> rows;
  for (const auto& prompt : c.params.at("texts")) rows.push_back(tokenizer.encode(prompt.get<std::string>()));
  const auto batch = tokenizer.pad(rows, text::kPromptLength);
  return {{{"ids", batch.ids}, {"count", batch.mask.sum(1)}}, {}};
}

void register_text(Registry& registry) {
  registry["text.tokenize"] = tokenize;
  registry["text.tokenize_folder"] = tokenize_folder;
  registry["text.detokenize"] = detokenize;
  registry["text.gemma3"] = gemma;
  registry["text.gemma4"] = gemma;
  registry["text.feature_extractor"] = feature_extractor;
  registry["text.connector"] = connector;
  registry["text.encode"] = encode;
  registry["text.detect"] = detect;
  registry["text.clean_response"] = clean_response;
  registry["text.generate"] = generate;
  registry["text.gemma3_image"] = gemma_image;
  registry["text.duration_head"] = duration_head;
}

}  // namespace ltx::golden
