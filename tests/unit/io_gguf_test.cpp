#include <doctest/doctest.h>

#include "file_fixture.h"
#include "gguf_fixture.h"
#include "io/gguf.h"

using namespace ltx;
using namespace ltx::io;
using ltx::test::check_error;
using ltx::test::Folder;
using ltx::test::gguf_text;
using ltx::test::GgufWriter;
using ltx::test::little_endian;

TEST_CASE("gguf: names, reversed dimensions, types, keys of every kind and padding are read") {
  const Folder folder;
  GgufWriter writer;
  writer.text("general.architecture", "ltxv")
      .u32("general.file_type", 15)
      .raw_key("a.bool", 7, std::string(1, '\1'))
      .raw_key("a.float", 6, little_endian(0.5f))
      .raw_key("a.double", 12, little_endian(0.25))
      .raw_key("a.u8", 0, std::string(1, '\7'))
      .raw_key("a.i64", 11, little_endian<int64_t>(-3))
      .raw_key("a.u64", 10, little_endian<uint64_t>(UINT64_MAX))
      .raw_key("a.words", 9,
               little_endian<uint32_t>(8) + little_endian<uint64_t>(2) + gguf_text("x") + gguf_text(""))
      .raw_key("a.numbers", 9, little_endian<uint32_t>(1) + little_endian<uint64_t>(3) + "abc")
      .tensor("q", {64, 3}, 8, std::string(3 * 2 * 34, 'q'))
      .tensor("f", {5}, 0, std::string(20, 'f'))
      .tensor("scalar", {}, 1, "hh")
      .tensor("none", {0, 4}, 0, "")
      .tensor("new", {7}, 99, "???????");
  const auto path = folder.write("a.gguf", writer.bytes());
  const TensorFile file(path);
  CHECK(file.container() == Container::Gguf);
  CHECK(file.tensors().size() == 5);
  CHECK(file.find("q")->dtype == "Q8_0");
  CHECK(file.find("q")->shape == std::vector<int64_t>{3, 64});
  CHECK(file.data(*file.find("q")).size() == 3 * 2 * 34);
  CHECK(file.data(*file.find("q"))[0] == std::byte('q'));
  CHECK(file.data(*file.find("f")).back() == std::byte('f'));
  CHECK(file.find("scalar")->shape.empty());
  CHECK(file.data(*file.find("none")).empty());
  CHECK(file.find("new")->dtype == "type 99");
  CHECK(file.data(*file.find("new")).empty());
  const auto& keys = file.metadata();
  CHECK(keys.at("general.architecture") == "ltxv");
  CHECK(keys.at("general.file_type") == "15");
  CHECK(keys.at("a.bool") == "true");
  CHECK(keys.at("a.float") == "0.5");
  CHECK(keys.at("a.double") == "0.25");
  CHECK(keys.at("a.u8") == "7");
  CHECK(keys.at("a.i64") == "-3");
  CHECK(keys.at("a.u64") == "18446744073709551615");
  CHECK(!keys.contains("a.words"));
}

TEST_CASE("gguf: alignments other than 32, original shapes, and a file without data") {
  const Folder folder;
  for (const uint64_t alignment : {1, 8, 64, 4096}) {
    CAPTURE(alignment);
    GgufWriter writer;
    writer.alignment = alignment;
    writer.u32("general.alignment", static_cast<uint32_t>(alignment))
        .tensor("a", {2}, 1, "abcd")
        .tensor("b", {2}, 1, "wxyz");
    const TensorFile file(folder.write("a.gguf", writer.bytes()));
    CHECK(std::memcmp(file.data(*file.find("b")).data(), "wxyz", 4) == 0);
  }
  GgufWriter writer;
  writer.shape("w", {2, 1, 3, 2, 2}).shape("absent", {9}).tensor("w", {24}, 0, std::string(96, 'w'));
  CHECK(TensorFile(folder.write("b.gguf", writer.bytes())).find("w")->shape ==
        std::vector<int64_t>{2, 1, 3, 2, 2});
  // No data section follows a header without tensors, nor does its padding.
  CHECK(TensorFile(folder.write("c.gguf", std::string("GGUF\3\0\0\0", 8) + std::string(16, '\0')))
            .tensors()
            .empty());
}

TEST_CASE("gguf: every malformed file is refused with the byte and the rule") {
  struct Bad {
    const char* label;
    std::string bytes;
    std::vector<std::string> parts;
    Status status = Status::FileCorrupt;
  };
  const auto header = [](uint64_t tensors, uint64_t keys, const std::string& rest) {
    return std::string("GGUF\3\0\0\0", 8) + little_endian(tensors) + little_endian(keys) + rest;
  };
  const auto key = [&](const std::string& name, uint32_t type, const std::string& value) {
    return header(0, 1, gguf_text(name) + little_endian(type) + value);
  };
  const auto tensor = [](const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset, size_t data = 0) {
    return GgufWriter().raw_tensor("w", dims, type, offset).bytes() + std::string(data, '\0');
  };
  const std::string zeros(64, '\0');
  const uint64_t huge = UINT64_MAX;
  std::vector<Bad> cases = {
      {"magic alone", "GGUF", {"byte 4", "4 bytes of version, found 0"}},
      {"big endian", std::string("GGUF\0\0\0\3", 8) + zeros, {"version 50331648"}, Status::FileFormat},
      {"old version", std::string("GGUF\1\0\0\0", 8) + zeros, {"version 1", "version 3"}, Status::FileFormat},
      {"no counts", std::string("GGUF\3\0\0\0", 8), {"byte 8", "tensor count"}},
      {"too many keys", header(0, huge, zeros), {"byte 16", "keys do not fit the 64 bytes"}},
      {"too many tensors", header(huge / 2, 0, zeros), {"byte 8", "tensors do not fit"}},
      {"key without bytes",
       header(0, 1, little_endian(huge) + zeros),
       {"byte 32", "18446744073709551615 bytes of a key"}},
      {"key that is no text", header(0, 1, gguf_text("\xff\xfe") + zeros), {"byte 24", "a key is not UTF-8"}},
      {"value that is no text", key("k", 8, gguf_text("\xc3(")), {"'k' is not UTF-8"}},
      {"value beyond the end", key("k", 8, little_endian(huge)), {"bytes of 'k'"}},
      {"unknown value type", key("k", 13, zeros), {"'k'", "value type of 0 to 12, found 13"}},
      {"boolean of 2", key("k", 7, "\2"), {"'k'", "boolean", "found 2"}},
      {"scalar beyond the end", key("k", 10, "1234"), {"8 bytes of k, found 4"}},
      {"list of lists",
       key("k", 9, little_endian<uint32_t>(9) + little_endian<uint64_t>(1) + zeros),
       {"scalars or strings, found type 9"}},
      {"list beyond the end",
       key("k", 9, little_endian<uint32_t>(5) + little_endian(huge / 4 + 1) + zeros),
       {"values of 4 bytes do not fit"}},
      {"strings beyond the end",
       key("k", 9, little_endian<uint32_t>(8) + little_endian(huge / 8) + zeros),
       {"strings do not fit"}},
      {"string of a list beyond the end",
       key("k", 9, little_endian<uint32_t>(8) + little_endian<uint64_t>(1) + little_endian(huge)),
       {"bytes of k"}},
      {"alignment 0", key("general.alignment", 4, little_endian<uint32_t>(0)), {"power of two", "found 0"}},
      {"alignment 24",
       key("general.alignment", 4, little_endian<uint32_t>(24)),
       {"power of two", "found 24"}},
      {"alignment huge", key("general.alignment", 4, little_endian<uint32_t>(1u << 31)), {"power of two"}},
      {"alignment as text",
       key("general.alignment", 8, gguf_text("32")),
       {"power of two", "value of type 8"}},
      {"key twice", GgufWriter().u32("k", 1).u32("k", 2).bytes(), {"key 'k' is listed twice"}},
      {"shape of floats",
       key("comfy.gguf.orig_shape.w", 9, little_endian<uint32_t>(6) + little_endian<uint64_t>(1) + zeros),
       {"non-negative integers"}},
      {"negative shape", GgufWriter().shape("w", {-1}).bytes(), {"non-negative integers"}},
      {"shape of 17",
       GgufWriter().shape("w", std::vector<int32_t>(17, 1)).bytes(),
       {"at most 16 dimensions, found 17"}},
      {"shape of another tensor",
       GgufWriter().shape("w", {2, 3}).tensor("w", {5}, 0, std::string(20, 'w')).bytes(),
       {"orig_shape.w", "5 elements", "[2, 3]"}},
      {"shape that overflows",
       GgufWriter()
           .shape("w", {INT32_MAX, INT32_MAX, INT32_MAX})
           .tensor("w", {5}, 0, std::string(20, 'w'))
           .bytes(),
       {"orig_shape.w"}},
      {"header ends",
       header(1, 0, gguf_text("w") + little_endian<uint32_t>(2) + zeros.substr(0, 20)),
       {"up to the end of the file"}},
      {"five dimensions", tensor({1, 1, 1, 1, 1}, 0, 0, 64), {"tensor 'w'", "at most 4 dimensions, found 5"}},
      {"dimension overflows", tensor({huge}, 0, 0, 64), {"dimension 18446744073709551615 overflows"}},
      {"elements overflow", tensor({1ull << 40, 1ull << 40}, 0, 0, 64), {"number of elements overflows"}},
      {"half a block", tensor({48, 2}, 8, 0, 256), {"rows of 48 elements", "32 elements of Q8_0"}},
      {"half a super block", tensor({128, 2}, 12, 0, 512), {"rows of 128 elements", "256 elements of Q4_K"}},
      {"beyond the end", tensor({16}, 0, 0, 63), {"within the 63 data bytes", "[0, 64]"}},
      {"offset beyond the end", tensor({1}, 0, 1ull << 62, 64), {"within the 64 data bytes"}},
      {"offset overflows", tensor({1}, 0, huge - 1, 64), {"overflows"}},
      {"unaligned offset", tensor({1}, 0, 16, 64), {"multiple of 32, found 16"}},
      {"tensor twice",
       GgufWriter().tensor("w", {1}, 0, "wwww").tensor("w", {1}, 0, "wwww").bytes(),
       {"tensor 'w' is listed twice"}},
      {"overlap",
       GgufWriter().raw_tensor("a", {16}, 0, 0).raw_tensor("b", {8}, 0, 32).bytes() + zeros,
       {"'a' and 'b' overlap", "at least 64, found 32"}},
  };
  const Folder folder;
  for (const auto& bad : cases) {
    CAPTURE(bad.label);
    const auto path = folder.write("bad.gguf", bad.bytes);
    try {
      TensorFile file(path);
      FAIL_CHECK("no error");
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(error.status() == bad.status);
      CHECK(message.find(path.string()) != std::string::npos);
      for (const auto& part : bad.parts) {
        CAPTURE(part);
        CHECK(message.find(part) != std::string::npos);
      }
    }
  }
}

TEST_CASE("gguf: a valid file cut or changed anywhere is read or refused, never more") {
  GgufWriter writer;
  writer.text("general.architecture", "ltxv")
      .shape("b", {2, 16})
      .tensor("a", {32, 2}, 2, std::string(36, 'a'))
      .tensor("b", {32}, 0, std::string(128, 'b'));
  const std::string whole = writer.bytes();
  const auto read = [](const std::string& bytes) {
    try {
      const auto table = read_gguf_header(std::as_bytes(std::span(bytes)), "x");
      for (const auto& [name, entry] : table.tensors) CHECK(table.data_begin + entry.end <= bytes.size());
      return true;
    } catch (const Error& error) {
      CHECK((error.status() == Status::FileCorrupt || error.status() == Status::FileFormat));
      return false;
    }
  };
  CHECK(read(whole));
  for (size_t length = 0; length < whole.size(); ++length) CHECK(!read(whole.substr(0, length)));
  for (size_t at = 0; at < whole.size(); ++at)
    for (const int flip : {1, 0x80, 0xff}) {
      auto changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      read(changed);
    }
}
