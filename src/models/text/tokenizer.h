// Text to token ids and back, by the rules of the files that come with a Gemma model (spec 03 §3).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

struct ltx_tokenizer;

namespace ltx::weights {
class TextEncoderFiles;
}

namespace ltx::text {

using Ids = std::vector<int64_t>;

/// Padded length of a prompt; part of the model, since registers fill the context up to it (spec 03 §6.2).
constexpr int64_t kPromptLength = 1024;

/// Rows of ids with the padding on the left. Both [N, T] int64 on the CPU; mask 1 = valid.
struct TokenBatch {
  at::Tensor ids, mask;
};

class Tokenizer {
 public:
  /// `tokenizer_json` is the file's bytes; `tokenizer_config` names the special tokens; `source` is for
  /// messages. Throws FileCorrupt (not a tokenizer) or ModelConfig (no bos token).
  Tokenizer(std::string_view tokenizer_json, const nlohmann::json& tokenizer_config, std::string source);
  explicit Tokenizer(const weights::TextEncoderFiles& files);
  /// A folder that has `tokenizer.json` and `tokenizer_config.json`, with or without a model, or a packed
  /// file.
  static Tokenizer open(const std::filesystem::path& path);

  /// A prompt as the model sees it: blanks stripped, BOS in front, at most `limit` ids.
  Ids encode(std::string_view prompt, int64_t limit = kPromptLength) const;

  /// Text that brings its own turn markers (spec 03 §8.3): not stripped, the template's special tokens added,
  /// never cut.
  Ids encode_chat(std::string_view rendered) const;

  /// Special tokens dropped; no clean-up of blanks.
  std::string decode(const Ids& ids) const;

  /// Left-pads to `length`, or to the longest row where it is 0.
  TokenBatch pad(const std::vector<Ids>& rows, int64_t length = 0) const;

  int64_t bos() const { return bos_; }
  int64_t pad_id() const { return pad_; }
  /// The id of a piece, or −1.
  int64_t id_of(std::string_view piece) const;

 private:
  int64_t special_id(const nlohmann::json& config, const char* key);
  Ids encode_raw(std::string_view text, int64_t limit) const;

  std::string source_;
  std::shared_ptr<ltx_tokenizer> handle_;
  int64_t bos_ = -1, eos_ = -1, pad_ = -1;
  // The config's keys add_bos_token / add_eos_token replace the file's post-processor.
  bool own_template_ = false, add_bos_ = false, add_eos_ = false;
};

/// Python's str.strip() without arguments (spec 03 §3 step 1).
std::string_view strip(std::string_view utf8);

}  // namespace ltx::text
