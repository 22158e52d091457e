// Group `text`: prompt to context tensors.
#include "adapters/text.h"

#include "golden.h"
#include "models/text/gemma.h"
#include "models/text/tokenizer.h"
#include "weights/text_encoder_files.h"

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
  const text::Gemma model(config, quant::Source(part.view, at::kCPU, c.compute_dtype) / "language_model");
  const auto mask = c.input("attention_mask");
  Results results;
  model.states(c.input("input_ids"), mask, 0, Monitor::silent(), [&](int64_t index, const at::Tensor& state) {
    results.tensors["hidden_states." + std::to_string(index)] =
        state * mask.unsqueeze(-1).to(state.scalar_type());
  });
  return results;
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
}

}  // namespace ltx::golden
