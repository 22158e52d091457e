#include "models/text/enhancer.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "device/device.h"
#include "models/text/unicode_letters.h"
#include "models/text/vision_tower.h"

namespace ltx::text {
namespace {

constexpr int64_t kPromptMultiple = 8;
constexpr std::string_view kImageBegin = "<start_of_image>", kImageEnd = "<end_of_image>",
                           kSoftToken = "<image_soft_token>";

struct Replacement {
  std::string_view from, to;
};
constexpr Replacement kTypography[] = {{"\u2018", "'"},  {"\u2019", "'"},  {"\u2032", "'"},
                                       {"\u201C", "\""}, {"\u201D", "\""}, {"\u2014", "-"},
                                       {"\u2013", "-"},  {"\u2212", "-"},  {"\u00A0", " "}};

bool is_letter(char32_t c) {
  const auto after = std::upper_bound(kLetters.begin(), kLetters.end(), c,
                                      [](char32_t v, const LetterRange& r) { return v < r.first; });
  return after != kLetters.begin() && c <= std::prev(after)->last;
}

/// The scalar value at `at` and the number of its bytes; a stray byte counts as itself.
std::pair<char32_t, size_t> scalar_at(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 1 || at + length > text.size()) return {lead < 0x80 ? lead : 0xFFFD, 1};
  char32_t value = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i)
    value = (value << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  return {value, length};
}

int64_t choose(const at::Tensor& logits, const GenerationOptions& options, at::Generator& generator) {
  if (!logits.isfinite().all().item<bool>())
    fail(
        Status::Numeric,
        "the enhancer's logits have values that are not finite. Use compute_dtype f32, another text_quant or "
        "other weights.");
  if (!options.sample) return logits.argmax().item<int64_t>();
  auto scores = logits / options.temperature;
  const auto kept = std::min(options.top_k, scores.size(0));
  const auto smallest = std::get<0>(scores.topk(kept)).index({kept - 1});
  scores = scores.masked_fill(scores < smallest, -std::numeric_limits<double>::infinity());
  return at::multinomial(scores.softmax(-1), 1, false, generator).item<int64_t>();
}

/// Keys that a local layer's newest token no longer sees are masked; [1, 1, 1, length], undefined while all
/// are in reach.
at::Tensor window_mask(int64_t length, int64_t window) {
  if (length <= window) return {};
  return (at::arange(length, at::kLong) >= length - window).view({1, 1, 1, length});
}

/// Where the image stands among the ids of a prompt: ones over the first `count` soft tokens, which are those
/// that render_chat placed; what a user types stays text. [1, T].
at::Tensor image_places(const Tokenizer& tokenizer, const Ids& ids, int64_t count) {
  const auto soft = tokenizer.id_of(kSoftToken);
  const auto first = soft < 0 ? ids.end() : std::find(ids.begin(), ids.end(), soft);
  const auto last = std::find_if(first, ids.end(), [&](int64_t id) { return id != soft; });
  if (last - first != count)
    fail(Status::ModelConfig,
         "the tokenizer makes {} tokens '{}' of an image's {}. Use the tokenizer of a Gemma 3 model with "
         "images.",
         last - first, kSoftToken, count);
  auto places = at::zeros({1, static_cast<int64_t>(ids.size())}, at::kLong);
  places.narrow(1, first - ids.begin(), count).fill_(1);
  return places;
}

}  // namespace

std::string text_request(std::string_view prompt) {
  return "user prompt: " + std::string(prompt);
}

std::string image_request(std::string_view prompt) {
  return "User Raw Input Prompt: " + std::string(prompt) + ".";
}

std::string render_chat(std::string_view system_prompt, std::string_view request, int64_t soft_tokens) {
  std::string image;
  if (soft_tokens > 0) {
    image = fmt::format("\n\n{}", kImageBegin);
    for (int64_t i = 0; i < soft_tokens; ++i) image += kSoftToken;
    image += fmt::format("{}\n\n", kImageEnd);
  }
  return fmt::format("<bos><start_of_turn>user\n{}\n\n{}{}<end_of_turn>\n<start_of_turn>model\n",
                     system_prompt, image, strip(request));
}

std::string clean_reply(std::string_view reply) {
  std::string text;
  for (size_t at = 0; at < reply.size();) {
    const auto rest = reply.substr(at);
    const auto* found = std::find_if(std::begin(kTypography), std::end(kTypography),
                                     [&](const Replacement& one) { return rest.starts_with(one.from); });
    const bool replaced = found != std::end(kTypography);
    text += replaced ? found->to : rest.substr(0, 1);
    at += replaced ? found->from.size() : 1;
  }
  for (size_t at = 0; at < text.size();) {
    const auto [value, length] = scalar_at(text, at);
    if (is_letter(value)) return text.substr(at);
    at += length;
  }
  return text;
}

GeneratedReply generate_reply(const TextEncoder& encoder, std::string_view chat,
                              const GenerationOptions& options, Monitor& monitor, const LogitsSink& sink,
                              const at::Tensor& soft) {
  const auto& model = encoder.model();
  const auto& tokenizer = encoder.tokenizer();
  if (model.config().family != GemmaFamily::Gemma3)
    fail(Status::Unsupported,
         "prompts can be enhanced with a Gemma 3 text encoder only. Give a Gemma 3 folder as prompt "
         "enhancer.");
  const Ids prompt = tokenizer.encode_chat(chat);
  const auto length = static_cast<int64_t>(prompt.size());
  GeneratedReply reply;
  reply.prompt = tokenizer.pad({prompt}, (length + kPromptMultiple - 1) / kPromptMultiple * kPromptMultiple);
  const auto image = soft.defined() ? image_places(tokenizer, prompt, soft.size(1)) : at::Tensor();

  auto generator = device::make_generator(model.device(), options.seed);
  const auto output_rows = model.output_rows();
  std::vector<GemmaMemory> memory;
  // Pads are seen by nobody and positions count valid tokens, so the prompt runs without its padding.
  auto layout = layout_padded(at::ones({1, length}, at::kLong), 0, model.config().sliding_window, image);
  auto embedded = model.embed(at::tensor(prompt, at::kLong).unsqueeze(0));
  if (soft.defined()) embedded = place_images(embedded, image, soft.to(embedded.options()));
  for (int64_t seen = length; static_cast<int64_t>(reply.ids.size()) < options.max_new_tokens; ++seen) {
    monitor.progress({.phase = Phase::Enhance,
                      .step = static_cast<int32_t>(reply.ids.size()) + 1,
                      .step_count = static_cast<int32_t>(options.max_new_tokens)});
    const auto hidden = model.run(embedded, layout, monitor, {}, &memory);
    const auto logits = model.logits(hidden[0][hidden.size(1) - 1], output_rows);
    if (sink) sink(logits);
    const auto next = choose(logits, options, generator);
    reply.ids.push_back(next);
    const auto& ends = model.config().end_ids;
    reply.ended = std::find(ends.begin(), ends.end(), next) != ends.end();
    if (reply.ended) break;
    embedded = model.embed(at::full({1, 1}, next, at::kLong));
    layout = {at::full({1}, seen, at::kLong), {}, window_mask(seen + 1, model.config().sliding_window)};
  }
  reply.text = tokenizer.decode(reply.ids);
  return reply;
}

GeneratedReply enhance_prompt(const TextEncoder& encoder, std::string_view system_prompt,
                              std::string_view prompt, const GenerationOptions& options, Monitor& monitor,
                              const at::Tensor& soft) {
  const auto chat = soft.defined() ? render_chat(system_prompt, image_request(prompt), soft.size(1))
                                   : render_chat(system_prompt, text_request(prompt));
  auto reply = generate_reply(encoder, chat, options, monitor, {}, soft);
  reply.text = clean_reply(reply.text);
  return reply;
}

}  // namespace ltx::text
