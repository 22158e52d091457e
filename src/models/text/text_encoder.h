// Prompts to hidden states: the tokenizer and the language model of a Gemma folder or packed file (spec 03
// §3, §4, §7).
#pragma once
#include <string>
#include <vector>

#include "models/text/embeddings_processor.h"
#include "models/text/gemma.h"
#include "models/text/tokenizer.h"
#include "weights/text_encoder_files.h"

namespace ltx::text {

class TextEncoder {
 public:
  /// `source` stands at the root of the tensors of `files`.
  TextEncoder(const weights::TextEncoderFiles& files, const quant::Source& source);

  /// All prompts in one pass over the layers. The rows are as long as the longest prompt and end at position
  /// kPromptLength − 1, where they stand when padded to the full length; the padding itself is not computed
  /// (spec 03 §4.3).
  EncodedPrompts encode(const std::vector<std::string>& prompts, const Monitor& monitor) const;

  const Tokenizer& tokenizer() const { return tokenizer_; }
  const Gemma& model() const { return model_; }

 private:
  Tokenizer tokenizer_;
  Gemma model_;
};

}  // namespace ltx::text
