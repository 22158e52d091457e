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
  TokenBatch prompt;  // [1, P], left-padded to a multiple of 8
  Ids ids;            // what the model said, its end token included
  std::string text;   // decoded, special tokens dropped
};

/// The user's part of the chat where there is no image.
std::string text_request(std::string_view prompt);

/// One user turn with the system text in front of it, and the beginning of the model's turn.
std::string render_chat(std::string_view system_prompt, std::string_view request);

/// The reply without typographic characters and without what stands before its first letter.
std::string clean_reply(std::string_view reply);

/// Called with the logits [vocabulary], fp32, of every step.
using LogitsSink = std::function<void(const at::Tensor& logits)>;

/// Generates the reply to a rendered chat. Throws Unsupported unless the encoder is a Gemma 3.
GeneratedReply generate_reply(const TextEncoder& encoder, std::string_view chat,
                              const GenerationOptions& options, const Monitor& monitor,
                              const LogitsSink& sink = {});

/// The prompt that replaces the user's.
std::string enhance_prompt(const TextEncoder& encoder, std::string_view system_prompt,
                           std::string_view prompt, const GenerationOptions& options, const Monitor& monitor);

}  // namespace ltx::text
