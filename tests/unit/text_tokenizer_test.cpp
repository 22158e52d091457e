// The tokenizer: special tokens, truncation, padding, and what happens to bad files and bad text.
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "file_fixture.h"
#include "models/text/tokenizer.h"
#include "text_fixture.h"

using namespace ltx;
using namespace ltx::text;
using ltx::test::check_error;
using ltx::test::kTokenNames;
using ltx::test::small_tokenizer;
using nlohmann::json;

namespace {

Tokenizer make(const json& config, bool bos_in_template = true) {
  return {small_tokenizer(bos_in_template).dump(), config, "'folder'"};
}

json with(json config, const std::string& key, const json& value) {
  config[key] = value;
  return config;
}

std::string repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("strip removes the blanks of Python's str.strip and nothing else") {
  for (const char* blank : {" ", "\t", "\n", "\v", "\f", "\r", "\x1c", "\x1f", "\u0085", "\u00a0", "\u1680",
                            "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"}) {
    CAPTURE(blank);
    CHECK(strip(std::string(blank) + "a" + blank + "b" + blank + blank) == std::string("a") + blank + "b");
  }
  for (const char* kept : {"\u200b", "\ufeff", "\x1b", "é", "🦊"}) CHECK(strip(kept) == kept);
  CHECK(strip("").empty());
  CHECK(strip(" \u3000\n").empty());
  CHECK_NOTHROW(strip("\x80\x80\x80\x80\x80\x80\x80\x80\x80"));
}

TEST_CASE("a prompt begins with one BOS and pieces may span a blank") {
  const auto tokenizer = make(kTokenNames);
  const auto id = [&](const char* piece) { return tokenizer.id_of(piece); };
  CHECK(tokenizer.encode("") == Ids{2});
  CHECK(tokenizer.encode(" as a ") == Ids{2, id("a"), id("s▁a")});
  CHECK(make(kTokenNames, false).encode("a") == Ids{2, id("a")});
  // Typed special tokens are special; Gemma 3's template then gives two.
  CHECK(tokenizer.encode("<bos>a") == Ids{2, 2, id("a")});
  CHECK(make(kTokenNames, false).encode("<bos>a") == Ids{2, id("a")});
  CHECK(tokenizer.encode_chat(" a") == Ids{2, id("▁"), id("a")});
  // A normalized added token is found in normalized text.
  CHECK(tokenizer.encode("a the sea") == Ids{2, id("a"), id("▁"), id("the sea")});
  // Bytes stand in for a character without a piece.
  CHECK(tokenizer.encode("é") == Ids{2, id("<0xC3>"), id("<0xA9>")});
}

TEST_CASE("add_bos_token and add_eos_token replace the template of the file") {
  const auto id_a = make(kTokenNames).id_of("a");
  CHECK(make(with(kTokenNames, "add_bos_token", false)).encode("<bos>a") == Ids{2, id_a});
  CHECK(make(with(kTokenNames, "add_bos_token", true), false).encode("<bos>a") == Ids{2, 2, id_a});
  const auto both = make(with(with(kTokenNames, "add_bos_token", true), "add_eos_token", true));
  CHECK(both.encode("a") == Ids{2, id_a, 1});
  // The special tokens are never the ones cut.
  const auto cut = both.encode(repeated("a", 50), 8);
  CHECK(cut.size() == 8);
  CHECK(cut.back() == 1);
  // Without a BOS of the template the step that prepends one cuts the end, the EOS included.
  const auto eos_only = make(with(kTokenNames, "add_eos_token", true)).encode(repeated("a", 50), 8);
  CHECK(eos_only.size() == 8);
  CHECK(eos_only.front() == 2);
  CHECK(eos_only.back() == id_a);
}

TEST_CASE("a long prompt keeps its BOS and 1023 tokens, whatever the file says about truncation") {
  const auto ids = make(kTokenNames).encode(repeated("ab", 3000));
  CHECK(ids.size() == 1024);
  CHECK(ids[0] == 2);
  CHECK(ids[1] != 2);
}

TEST_CASE("padding stands on the left and is told by position") {
  const auto tokenizer = make(kTokenNames);
  const auto batch = tokenizer.pad({tokenizer.encode("<pad>a"), tokenizer.encode("ababab")}, 8);
  CHECK(batch.ids.sizes() == at::IntArrayRef{2, 8});
  CHECK(batch.mask.sum(1).equal(at::tensor({3, 7}, at::kLong)));
  CHECK(batch.mask[0][4].item<int64_t>() == 0);
  CHECK(batch.ids[0][5].item<int64_t>() == 2);
  CHECK(batch.ids[0][6].item<int64_t>() == 0);  // typed, and valid
  CHECK(batch.mask[0][6].item<int64_t>() == 1);
  CHECK(tokenizer.pad({{2}, {2, 5, 6}}).ids.size(1) == 3);
  check_error(Status::InvalidArgument, {"3 tokens", "2"}, [&] { tokenizer.pad({{2, 5, 6}}, 2); });
  // Without a pad token EOS pads, although a piece <pad> exists.
  auto config = kTokenNames;
  config.erase("pad_token");
  CHECK(make(config).pad({{2}}, 2).ids[0][0].item<int64_t>() == 1);
}

TEST_CASE("special tokens may be named as objects, and unknown ones are appended") {
  auto config = with(kTokenNames, "bos_token", {{"content", "<bos>"}, {"special", true}});
  CHECK(make(config).bos() == 2);
  const auto tokenizer = make(with(kTokenNames, "pad_token", "<blank>"));
  CHECK(tokenizer.pad_id() == tokenizer.id_of("<blank>"));
  CHECK(tokenizer.pad_id() > 200);
}

TEST_CASE("decoding drops special tokens and spells bytes") {
  const auto tokenizer = make(kTokenNames);
  const auto id = [&](const char* piece) { return tokenizer.id_of(piece); };
  CHECK(tokenizer.decode({2, id("▁"), id("a"), id("<0xC3>"), 1, id("<0xA9>")}) == " aé");
  CHECK(tokenizer.decode({id("<0xC3>")}) == "\uFFFD");
  CHECK(tokenizer.decode({}).empty());
  CHECK(tokenizer.decode({1000000}).empty());
}

TEST_CASE("bad tokenizer files and bad text are errors with a place") {
  const auto text = small_tokenizer(true).dump();
  check_error(Status::FileCorrupt, {"'folder'", "tokenizer.json"},
              [&] { Tokenizer("{}", kTokenNames, "'folder'"); });
  check_error(Status::FileCorrupt, {"tokenizer.json"},
              [&] { Tokenizer(text.substr(0, text.size() / 2), kTokenNames, "'folder'"); });
  check_error(Status::ModelConfig, {"'folder'", "bos_token", "none"}, [&] {
    Tokenizer(text, {{"eos_token", "<eos>"}}, "'folder'");
  });
  check_error(Status::ModelConfig, {"bos_token", "number"}, [&] { make(with(kTokenNames, "bos_token", 2)); });
  check_error(Status::ModelConfig, {"expected an object"},
              [&] { Tokenizer(text, json::array(), "'folder'"); });
  check_error(Status::InvalidArgument, {"UTF-8"}, [&] { make(kTokenNames).encode("a\xff\xfe"); });
  check_error(Status::FileNotFound, {"/nowhere"}, [] { Tokenizer::open("/nowhere"); });
}

TEST_CASE("a tokenizer without a model opens from its folder") {
  const test::Folder folder;
  folder.write("tokenizer.json", small_tokenizer(true).dump());
  check_error(Status::FileNotFound, {"tokenizer_config.json"}, [&] { Tokenizer::open(folder.path()); });
  folder.write("tokenizer_config.json", kTokenNames.dump());
  CHECK(Tokenizer::open(folder.path()).encode("").size() == 1);
}
