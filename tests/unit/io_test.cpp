#include <doctest/doctest.h>

#include <array>
#include <numeric>

#include "file_fixture.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/safetensors_writer.h"
#include "io/sha256.h"

using namespace ltx;
using namespace ltx::io;
using ltx::test::check_error;
using ltx::test::Folder;
using ltx::test::raw_safetensors;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string entry(const char* dtype, const char* shape, const char* offsets) {
  return fmt::format(R"({{"dtype":"{}","shape":{},"data_offsets":{}}})", dtype, shape, offsets);
}

}  // namespace

TEST_CASE("safetensors: every dtype, 0-dim, zero elements, unaligned offsets, holes and padding are read") {
  const Folder folder;
  const std::string header =
      R"({"__metadata__":{"a":"1"},"x":)" + entry("F32", "[]", "[1,5]") + R"(,"none":)" +
      entry("F64", "[3,0]", "[5,5]") + R"(,"bytes":)" + entry("U8", "[2,2]", "[7,11]") + R"(,"half":)" +
      entry("F4", "[3,2]", "[11,14]") + R"(,"new":)" + entry("F1_NEW", "[9]", "[14,15]") + "}    ";
  const auto path = folder.write("a.safetensors", raw_safetensors(header, std::string(17, 'z')));
  const TensorFile file(path);
  CHECK(file.tensors().size() == 5);
  CHECK(file.metadata().at("a") == "1");
  CHECK(file.find("x")->shape.empty());
  CHECK(file.data(*file.find("x")).size() == 4);
  CHECK(file.data(*file.find("none")).empty());
  CHECK(file.find("bytes")->shape == std::vector<int64_t>{2, 2});
  CHECK(file.find("nothing") == nullptr);
}

TEST_CASE("safetensors: every malformed file is refused with the byte, the rule, expected and found") {
  struct Bad {
    const char* label;
    std::string bytes;
    Status status;
    std::vector<std::string> parts;
  };
  const auto one = [](const std::string& value, const std::string& data = std::string(8, '\0')) {
    return raw_safetensors(R"({"w":)" + value + "}", data);
  };
  const std::string huge(8, '\x7f');
  const std::vector<Bad> cases = {
      {"empty file", "", Status::FileCorrupt, {"byte 0", "at least 8 bytes, found 0"}},
      {"shorter than the length", std::string(7, 'a'), Status::FileCorrupt, {"found 7"}},
      {"zero length",
       std::string(16, '\0'),
       Status::FileCorrupt,
       {"header length of 1 to 100000000, found 0"}},
      {"absurd length", huge + "{}", Status::FileCorrupt, {"found 9187201950435737471"}},
      {"truncated header",
       raw_safetensors(R"({"w":)").substr(0, 10),
       Status::FileCorrupt,
       {"expected 5 bytes of header, found 2"}},
      {"no brace", raw_safetensors("[1]"), Status::FileCorrupt, {"byte 8", "'{'"}},
      {"leading space", raw_safetensors(" {}"), Status::FileCorrupt, {"byte 8", "'{'"}},
      {"not JSON", raw_safetensors("{\"w\":}"), Status::FileCorrupt, {"not valid JSON", "unexpected"}},
      {"not UTF-8", raw_safetensors("{\"w\xff\":{}}"), Status::FileCorrupt, {"not valid JSON", "UTF-8"}},
      {"NaN", raw_safetensors("{\"w\":NaN}"), Status::FileCorrupt, {"not valid JSON"}},
      {"text behind the object", raw_safetensors("{}x"), Status::FileCorrupt, {"not valid JSON"}},
      {"text behind a zero byte",
       raw_safetensors(std::string("{}\0{}", 5)),
       Status::FileCorrupt,
       {"byte 10", "a zero byte"}},
      {"too deep",
       raw_safetensors("{\"w\":" + std::string(100000, '[') + "}"),
       Status::FileCorrupt,
       {"nested too deeply"}},
      {"listed twice",
       raw_safetensors(
           R"({"w":)" + entry("U8", "[1]", "[0,1]") + R"(,"w":)" + entry("U8", "[1]", "[1,2]") + "}", "ab"),
       Status::FileCorrupt,
       {"'w' is listed twice"}},
      {"entry is no object",
       one("3"),
       Status::FileCorrupt,
       {"tensor 'w'", "expected an object", "found number"}},
      {"no dtype",
       one(R"({"shape":[1],"data_offsets":[0,1]})"),
       Status::FileCorrupt,
       {"tensor 'w'", "expected 'dtype', found none"}},
      {"dtype is a number",
       one(R"({"dtype":1,"shape":[1],"data_offsets":[0,1]})"),
       Status::FileCorrupt,
       {"dtype to be a string, found number"}},
      {"shape is text",
       one(R"({"dtype":"U8","shape":"1","data_offsets":[0,1]})"),
       Status::FileCorrupt,
       {"shape to be a list, found string"}},
      {"one offset", one(entry("U8", "[1]", "[1]")), Status::FileCorrupt, {"list of two integers"}},
      {"negative dimension",
       one(entry("U8", "[-1]", "[0,1]")),
       Status::FileCorrupt,
       {"non-negative integer as dimension, found -1"}},
      {"fractional dimension", one(entry("U8", "[1.5]", "[0,1]")), Status::FileCorrupt, {"found 1.5"}},
      {"negative offset", one(entry("U8", "[1]", "[-1,0]")), Status::FileCorrupt, {"data offset, found -1"}},
      {"product overflows",
       one(entry("F32", "[4294967296,4294967296]", "[0,0]")),
       Status::FileCorrupt,
       {"overflows"}},
      {"bits overflow",
       one(entry("F32", "[2305843009213693952]", "[0,0]")),
       Status::FileCorrupt,
       {"overflows"}},
      {"reversed", one(entry("U8", "[1]", "[2,1]")), Status::FileCorrupt, {"found [2, 1]"}},
      {"beyond the end",
       one(entry("F32", "[4]", "[0,16]")),
       Status::FileCorrupt,
       {"within the 8 data bytes", "found [0, 16]"}},
      {"wrong size",
       one(entry("F32", "[2]", "[0,7]")),
       Status::FileCorrupt,
       {"expected 8 bytes for 2 elements of F32, found 7"}},
      {"size of a 0-dim",
       one(entry("F32", "[]", "[0,8]")),
       Status::FileCorrupt,
       {"expected 4 bytes for 1 elements"}},
      {"bits that are no bytes", one(entry("F4", "[3]", "[0,2]")), Status::FileCorrupt, {"not whole bytes"}},
      {"overlap",
       raw_safetensors(
           R"({"a":)" + entry("U8", "[4]", "[0,4]") + R"(,"b":)" + entry("U8", "[4]", "[3,7]") + "}",
           std::string(8, 'x')),
       Status::FileCorrupt,
       {"'a' and 'b' overlap", "at least 4, found 3"}},
      {"metadata is a list",
       raw_safetensors(R"({"__metadata__":[]})"),
       Status::FileCorrupt,
       {"'__metadata__' to be an object, found array"}},
      {"metadata value is a number",
       raw_safetensors(R"({"__metadata__":{"k":1}})"),
       Status::FileCorrupt,
       {"metadata 'k'", "found number"}},
      {"pickle",
       std::string("PK\x03\x04\x14\x00\x08\x08", 8) + std::string(64, 'p'),
       Status::FileFormat,
       {"found pickled PyTorch"}},
  };
  const Folder folder;
  for (const auto& bad : cases) {
    CAPTURE(bad.label);
    const auto path = folder.write("bad.safetensors", bad.bytes);
    try {
      const TensorFile file(path);
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(error.status() == bad.status);
      CHECK(message.find(path.string()) != std::string::npos);
      CHECK(message.ends_with("."));
      for (const auto& part : bad.parts) CHECK_MESSAGE(message.find(part) != std::string::npos, part);
    }
  }
}

TEST_CASE("safetensors: a path that is no readable file") {
  const Folder folder;
  check_error(Status::FileNotFound, {"none.safetensors", "does not exist"},
              [&] { TensorFile(folder / "none.safetensors"); });
  check_error(Status::FileNotFound, {"does not exist"},
              [&] { TensorFile::open(folder / "none.safetensors"); });
  check_error(Status::FileFormat, {"not a regular file"}, [&] { TensorFile(folder.path()); });
}

TEST_CASE("safetensors: a file is opened once while somebody holds it, and again after it changed") {
  const Folder folder;
  const auto path =
      folder.write("a.safetensors", raw_safetensors(R"({"w":)" + entry("U8", "[1]", "[0,1]") + "}", "a"));
  auto first = TensorFile::open(path);
  CHECK(TensorFile::open(path) == first);
  std::filesystem::remove(path);
  folder.write("a.safetensors", raw_safetensors(R"({"w":)" + entry("U8", "[2]", "[0,2]") + "}", "ab"));
  CHECK(TensorFile::open(path)->find("w")->shape == std::vector<int64_t>{2});
  CHECK(first->find("w")->shape == std::vector<int64_t>{1});
}

TEST_CASE("safetensors: what the writer writes is what the reader reads, aligned") {
  const Folder folder;
  const auto path = folder / "sub/out.safetensors";
  const std::vector<float> numbers{1, 2, 3};
  {
    SafetensorsWriter writer(
        path, {{"bytes", "U8", {3}}, {"numbers", "F32", {3}}, {"none", "BF16", {0, 4}}, {"one", "F64", {}}},
        {{"note", "größer"}});
    writer.write("bytes", bytes_of("abc"));
    const double one = 7;
    writer.write("one", std::as_bytes(std::span(&one, 1)));
    CHECK(!std::filesystem::exists(path));
    writer.write("numbers", std::as_bytes(std::span(numbers)));
    writer.commit();
  }
  const TensorFile file(path);
  CHECK(file.metadata().at("note") == "größer");
  CHECK(file.tensors().size() == 4);
  const auto data = file.data(*file.find("numbers"));
  CHECK(std::memcmp(data.data(), numbers.data(), 12) == 0);
  CHECK(reinterpret_cast<uintptr_t>(data.data()) % 4 == 0);
  CHECK(reinterpret_cast<uintptr_t>(file.data(*file.find("one")).data()) % 8 == 0);
  CHECK(std::memcmp(file.data(*file.find("bytes")).data(), "abc", 3) == 0);
}

TEST_CASE("safetensors writer: mistakes are errors and leave nothing behind") {
  const Folder folder;
  const auto path = folder / "out.safetensors";
  check_error(Status::InvalidArgument, {"'w'", "expected a safetensors dtype, found 'FLOAT'"}, [&] {
    SafetensorsWriter(path, {{"w", "FLOAT", {1}}});
  });
  check_error(Status::InvalidArgument, {"'w'", "found -1"}, [&] {
    SafetensorsWriter(path, {{"w", "F32", {-1}}});
  });
  check_error(Status::InvalidArgument, {"'w'", "twice"}, [&] {
    SafetensorsWriter(path, {{"w", "F32", {1}}, {"w", "F32", {1}}});
  });
  check_error(Status::InvalidArgument, {"UTF-8"}, [&] { SafetensorsWriter(path, {{"w\xff", "F32", {1}}}); });
  check_error(Status::InvalidArgument, {"'w'", "expected 4 bytes, found 3"}, [&] {
    SafetensorsWriter(path, {{"w", "F32", {1}}}).write("w", bytes_of("abc"));
  });
  check_error(Status::InvalidArgument, {"'v'", "not declared"},
              [&] { SafetensorsWriter(path, {}).write("v", {}); });
  check_error(Status::InvalidArgument, {"'w'", "not written"}, [&] {
    SafetensorsWriter(path, {{"w", "F32", {1}}}).commit();
  });
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("JSON: what is not JSON is an error with the place and the reason") {
  check_error(Status::FileCorrupt, {"'c.json'", "not valid JSON"}, [] { parse_json("{", "'c.json'"); });
  check_error(Status::ModelConfig, {"'config'", "not valid JSON"},
              [] { parse_json(R"({"a":NaN})", "'config'", Status::ModelConfig); });
  check_error(Status::FileCorrupt, {"number overflow"}, [] { parse_json("[1e999]", "x"); });
  check_error(Status::FileCorrupt, {"UTF-8"}, [] { parse_json("\"\xc0\xaf\"", "x"); });
  check_error(Status::FileCorrupt, {"nested deeper than 128"},
              [] { parse_json(std::string(200, '['), "x"); });
  check_error(Status::FileCorrupt, {"a zero byte at byte 1"},
              [] { parse_json(std::string_view("7\0x", 3), "x"); });
  CHECK(parse_json(R"({"a":[1,2.5,"ü"]})", "x")["a"][2] == "ü");
  const Folder folder;
  check_error(Status::FileNotFound, {"c.json"}, [&] { read_json_file(folder / "c.json"); });
}

TEST_CASE("UTF-8") {
  for (const std::string_view good : {"", "abc", "ü", "東", "🦊", "\xf4\x8f\xbf\xbf"}) CHECK(is_utf8(good));
  for (const std::string_view bad : {"\xff", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\x80"})
    CHECK(!is_utf8(bad));
  CHECK(printable("a\xff") == "a?");
  CHECK(printable("ü") == "ü");
}

TEST_CASE("SHA-256: the standard's vectors, in pieces as well") {
  CHECK(hex(Sha256::of({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(Sha256::of(bytes_of("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(Sha256::of(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 million;
  const std::string piece(997, 'a');
  for (size_t done = 0; done < 1'000'000;) {
    const auto part = bytes_of(piece).first(std::min<size_t>(piece.size(), 1'000'000 - done));
    million.update(part);
    done += part.size();
  }
  CHECK(hex(million.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
