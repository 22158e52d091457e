// Rewriting a prompt with the language model: the chat around it, the tokens one after the other, the
// cleaning of the reply (spec 03 §8).
#pragma once
#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/monitor.h"
#include "models/text/text_encoder.h"

namespace ltx::text {

struct GenerationOptions {
  int64_t max_new_tokens = 512;
  bool sample = true;  // false: always the likeliest token
  double temperature = 0.7;
  int64_t top_k = 50;
  uint64_t seed = 10;
};

struct GeneratedReply {
  TokenBatch prompt;   // [1, P], left-padded to a multiple of 8
  Ids ids;             // what the model said, its end token included
  std::string text;    // decoded, special tokens dropped
  bool ended = false;  // the model came to an end; false: cut at max_new_tokens
};

/// The user's part of the chat where there is no image, and where there is one.
std::string text_request(std::string_view prompt);
std::string image_request(std::string_view prompt);

/// One user turn with the system text in front of it, and the beginning of the model's turn. The request is
/// stripped, and preceded by the places of one image where `soft_tokens` > 0.
std::string render_chat(std::string_view system_prompt, std::string_view request, int64_t soft_tokens = 0);

/// The reply without typographic characters and without what stands before its first letter.
std::string clean_reply(std::string_view reply);

/// Called with the logits [vocabulary], fp32, of every step.
using LogitsSink = std::function<void(const at::Tensor& logits)>;

/// Generates the reply to a rendered chat, reporting Phase::Enhance before every token. `soft` are the soft
/// tokens [1, S, D] of the image that the chat has places for; undefined: none. The same seed gives the same
/// reply on the same device model. Throws Unsupported unless the encoder is a Gemma 3, ModelConfig if the
/// tokenizer knows no image tokens, Numeric if the logits are not finite.
GeneratedReply generate_reply(const TextEncoder& encoder, std::string_view chat,
                              const GenerationOptions& options, Monitor& monitor, const LogitsSink& sink = {},
                              const at::Tensor& soft = {});

/// Asks for a better prompt, with the image where there are soft tokens of one: `text` of the reply, cleaned,
/// is what replaces the user's prompt.
GeneratedReply enhance_prompt(const TextEncoder& encoder, std::string_view system_prompt,
                              std::string_view prompt, const GenerationOptions& options, Monitor& monitor,
                              const at::Tensor& soft = {});

}  // namespace ltx::text
