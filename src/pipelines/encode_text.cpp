#include "pipelines/encode_text.h"

#include "base/error.h"
#include "pipelines/numeric_guard.h"
#include "pipelines/run.h"

namespace ltx::pipelines {
namespace {

const char* name_of(size_t prompt) {
  return prompt == 0 ? "positive" : "negative";
}

/// Valid token ids and the last states of valid positions, for tests.
void observe_encoding(const std::vector<std::string>& prompts, const text::TextEncoder& encoder,
                      const text::EncodedPrompts& encoded, Observer& observer) {
  for (size_t i = 0; i < prompts.size(); ++i) {
    observer.tensor(fmt::format("tokens.{}", name_of(i)),
                    at::tensor(encoder.tokenizer().encode(prompts[i]), at::kLong));
    const auto row = static_cast<int64_t>(i);
    const auto valid = encoded.mask[row].to(at::kBool);
    observer.tensor(fmt::format("gemma.last.{}", name_of(i)),
                    encoded.states.back()[row].index({valid}).unsqueeze(0));
  }
}

}  // namespace

std::vector<PromptContext> encode_texts(const std::vector<std::string>& prompts, Components& components,
                                        Monitor& monitor, Observer* observer,
                                        Lease<text::TextEncoder> encoder) {
  if (!encoder) encoder = components.text_encoder(monitor);
  monitor.progress({.phase = Phase::Text});
  auto encoded = run_guarded(
      "text-encoder", [&] { return encoder->encode(prompts, monitor); },
      [](const text::EncodedPrompts& e) { return e.states.back(); });
  if (observer) observe_encoding(prompts, *encoder, encoded, *observer);
  encoder.reset();
  const auto embeddings = components.embeddings(monitor);
  monitor.progress({.phase = Phase::Text});
  const auto pair = (*embeddings)(std::move(encoded), monitor);
  require_finite(pair.video, "text-connector");
  require_finite(pair.audio, "text-connector");
  std::vector<PromptContext> contexts;
  for (int64_t i = 0; i < static_cast<int64_t>(prompts.size()); ++i)
    contexts.push_back({pair.video.narrow(0, i, 1), pair.audio.narrow(0, i, 1)});
  return contexts;
}

}  // namespace ltx::pipelines
