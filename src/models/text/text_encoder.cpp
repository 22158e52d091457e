#include "models/text/text_encoder.h"

#include "base/error.h"

namespace ltx::text {

TextEncoder::TextEncoder(const weights::TextEncoderFiles& files, const quant::Source& source)
    : tokenizer_(files),
      model_(GemmaConfig::parse(files.config(), files.path().string()), source / "language_model") {}

EncodedPrompts TextEncoder::encode(const std::vector<std::string>& prompts, const Monitor& monitor) const {
  if (prompts.empty()) fail(Status::InvalidArgument, "there is no prompt to encode. Give at least one.");
  std::vector<Ids> rows;
  for (const auto& prompt : prompts) rows.push_back(tokenizer_.encode(prompt));
  const auto batch = tokenizer_.pad(rows);
  EncodedPrompts result;
  model_.states(batch.ids, batch.mask, kPromptLength - batch.ids.size(1), monitor,
                [&](int64_t, const at::Tensor& state) { result.states.push_back(state); });
  result.mask = batch.mask.to(model_.device(), at::kBool);
  return result;
}

}  // namespace ltx::text
