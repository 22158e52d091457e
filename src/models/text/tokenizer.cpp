#include "models/text/tokenizer.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "io/json.h"
#include "ltx_tokenizer.h"
#include "weights/text_encoder_files.h"

namespace ltx::text {
namespace {

using nlohmann::json;

const uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

/// Takes an error message of the C face; empty if there was none.
std::optional<std::string> message_of(char* error) {
  if (!error) return std::nullopt;
  std::string text = error;
  ltx_tokenizer_error_free(error);
  return text;
}

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

/// The scalar value of one UTF-8 sequence; U+FFFD where it cannot be one (the tokenizer refuses such text).
char32_t scalar(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() > 4) return 0xFFFD;
  if (sequence.size() == 1) return lead;
  char32_t value = lead & (0x7F >> sequence.size());
  for (const char c : sequence.substr(1)) value = (value << 6) | (static_cast<unsigned char>(c) & 0x3F);
  return value;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

size_t first_length(std::string_view text) {
  size_t length = 1;
  while (length < text.size() && is_continuation(text[length])) ++length;
  return length;
}

size_t last_length(std::string_view text) {
  size_t length = 1;
  while (length < text.size() && is_continuation(text[text.size() - length])) ++length;
  return length;
}

bool flag(const json& config, const char* key) {
  const auto found = config.find(key);
  return found != config.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

std::string_view strip(std::string_view text) {
  while (!text.empty()) {
    const size_t length = first_length(text);
    if (!is_blank(scalar(text.substr(0, length)))) break;
    text.remove_prefix(length);
  }
  while (!text.empty()) {
    const size_t length = last_length(text);
    if (!is_blank(scalar(text.substr(text.size() - length)))) break;
    text.remove_suffix(length);
  }
  return text;
}

Tokenizer::Tokenizer(std::string_view tokenizer_json, const json& config, std::string source)
    : source_(std::move(source)) {
  if (!config.is_object())
    fail(Status::ModelConfig,
         "{}: 'tokenizer_config.json': expected an object, found {}. Use the files of a published Gemma "
         "model.",
         source_, config.type_name());
  ltx_tokenizer* handle = nullptr;
  if (const auto error =
          message_of(ltx_tokenizer_open(bytes_of(tokenizer_json), tokenizer_json.size(), &handle)))
    fail(Status::FileCorrupt, "{}: 'tokenizer.json' is not a tokenizer: {}. Download the file again.",
         source_, *error);
  handle_ = {handle, ltx_tokenizer_free};
  bos_ = special_id(config, "bos_token");
  eos_ = special_id(config, "eos_token");
  pad_ = special_id(config, "pad_token");
  if (pad_ < 0) pad_ = eos_;
  if (bos_ < 0)
    fail(Status::ModelConfig,
         "{}: 'tokenizer_config.json': key 'bos_token': expected the text of a token, found none. Use the "
         "files of a "
         "published Gemma model.",
         source_);
  if (pad_ < 0)
    fail(Status::ModelConfig,
         "{}: 'tokenizer_config.json': expected a 'pad_token' or an 'eos_token' to pad with, found neither. "
         "Use the "
         "files of a published Gemma model.",
         source_);
  own_template_ = config.contains("add_bos_token") || config.contains("add_eos_token");
  add_bos_ = flag(config, "add_bos_token");
  add_eos_ = flag(config, "add_eos_token");
  if (add_eos_ && eos_ < 0)
    fail(Status::ModelConfig,
         "{}: 'tokenizer_config.json': key 'eos_token': expected the text of a token because 'add_eos_token' "
         "is true, "
         "found none. Use the files of a published Gemma model.",
         source_);
}

Tokenizer::Tokenizer(const weights::TextEncoderFiles& files)
    : Tokenizer(files.tokenizer_json(), files.tokenizer_config(), "'" + files.path().string() + "'") {}

Tokenizer Tokenizer::open(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path / "tokenizer.json", error))
    return Tokenizer(weights::TextEncoderFiles(path));
  return {io::read_text_file(path / "tokenizer.json"), io::read_json_file(path / "tokenizer_config.json"),
          "'" + path.string() + "'"};
}

int64_t Tokenizer::id_of(std::string_view piece) const {
  bool found = false;
  uint32_t id = 0;
  if (const auto error =
          message_of(ltx_tokenizer_id(handle_.get(), bytes_of(piece), piece.size(), &found, &id)))
    fail(Status::Internal, "{}: looking up a token: {}. Report this.", source_, *error);
  return found ? int64_t{id} : -1;
}

// −1 where the config names no such token. A name that the vocabulary lacks becomes a new special token (spec
// 03 §3).
int64_t Tokenizer::special_id(const json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return -1;
  const json& value = found->is_object() && found->contains("content") ? (*found)["content"] : *found;
  if (!value.is_string())
    fail(Status::ModelConfig,
         "{}: 'tokenizer_config.json': key '{}': expected the text of a token, found {}. Use the files of a "
         "published "
         "Gemma model.",
         source_, key, value.type_name());
  const auto piece = value.get<std::string>();
  if (id_of(piece) < 0)
    if (const auto error =
            message_of(ltx_tokenizer_add_special(handle_.get(), bytes_of(piece), piece.size())))
      fail(Status::ModelConfig,
           "{}: '{}': '{}' cannot be added: {}. Use the files of a published Gemma model.", source_, key,
           piece, *error);
  return id_of(piece);
}

Ids Tokenizer::encode_raw(std::string_view text, int64_t limit) const {
  const int64_t added = own_template_ ? add_bos_ + add_eos_ : 0;
  // The special tokens count and are never the ones cut; a limit of 0 would mean none.
  const auto room = limit > 0 ? std::max<int64_t>(limit - added, 1) : 0;
  uint32_t* raw = nullptr;
  size_t count = 0;
  if (const auto error =
          message_of(ltx_tokenizer_encode(handle_.get(), bytes_of(text), text.size(), !own_template_,
                                          static_cast<size_t>(room), &raw, &count)))
    fail(Status::InvalidArgument, "the prompt cannot be tokenized by {}: {}. Give text in UTF-8.", source_,
         *error);
  Ids ids;
  ids.reserve(count + 2);
  if (own_template_ && add_bos_) ids.push_back(bos_);
  ids.insert(ids.end(), raw, raw + count);
  ltx_tokenizer_ids_free(raw, count);
  if (own_template_ && add_eos_) ids.push_back(eos_);
  return ids;
}

Ids Tokenizer::encode(std::string_view prompt, int64_t limit) const {
  Ids ids = encode_raw(strip(prompt), limit);
  if (ids.empty() || ids.front() != bos_) ids.insert(ids.begin(), bos_);
  if (static_cast<int64_t>(ids.size()) > limit) ids.resize(static_cast<size_t>(limit));
  return ids;
}

Ids Tokenizer::encode_chat(std::string_view rendered) const {
  return encode_raw(rendered, 0);
}

std::string Tokenizer::decode(const Ids& ids) const {
  const std::vector<uint32_t> raw(ids.begin(), ids.end());
  uint8_t* text = nullptr;
  size_t size = 0;
  if (const auto error =
          message_of(ltx_tokenizer_decode(handle_.get(), raw.data(), raw.size(), true, &text, &size)))
    fail(Status::Internal, "{}: decoding tokens: {}. Report this.", source_, *error);
  std::string result(reinterpret_cast<const char*>(text), size);
  ltx_tokenizer_text_free(text, size);
  return result;
}

TokenBatch Tokenizer::pad(const std::vector<Ids>& rows, int64_t length) const {
  int64_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, static_cast<int64_t>(row.size()));
  if (length == 0) length = longest;
  if (longest > length)
    fail(Status::InvalidArgument, "a row of {} tokens does not fit into {}. Cut it first.", longest, length);
  const auto count = static_cast<int64_t>(rows.size());
  TokenBatch batch{at::full({count, length}, pad_, at::kLong), at::zeros({count, length}, at::kLong)};
  for (int64_t i = 0; i < count; ++i) {
    const auto& row = rows[static_cast<size_t>(i)];
    const auto n = static_cast<int64_t>(row.size());
    if (n == 0) continue;
    std::copy(row.begin(), row.end(), batch.ids[i].data_ptr<int64_t>() + (length - n));
    batch.mask[i].slice(0, length - n).fill_(1);
  }
  return batch;
}

}  // namespace ltx::text
