#include "io/gguf.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "io/json.h"

namespace ltx::io {
namespace {

constexpr GgufType kTypes[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},      {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},      {8, "Q8_0", 32, 34},      {9, "Q8_1", 32, 36},
    {10, "Q2_K", 256, 84},    {11, "Q3_K", 256, 110},   {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},   {15, "Q8_K", 256, 292},   {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50},   {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},         {25, "I16", 1, 2},
    {26, "I32", 1, 4},        {27, "I64", 1, 8},        {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},       {34, "TQ1_0", 256, 54},   {35, "TQ2_0", 256, 66}};

constexpr uint32_t kVersion = 3;
constexpr uint64_t kDefaultAlignment = 32, kMaxAlignment = 1 << 20;
constexpr uint32_t kMaxDimensions = 4;
constexpr std::string_view kOriginalShape = "comfy.gguf.orig_shape.";

enum ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

uint64_t size_of(uint32_t type) {
  constexpr uint64_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type <= F64 ? sizes[type] : 0;
}

/// Walks over the header; every step is checked against the end of the file.
class Reader {
 public:
  Reader(std::span<const std::byte> file, const std::string& path) : file_(file), path_(path) {}

  uint64_t offset() const { return offset_; }
  uint64_t left() const { return file_.size() - offset_; }

  template <class T>
  T number(std::string_view what) {
    require(sizeof(T), what);
    T value;
    std::memcpy(&value, file_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  std::string text(std::string_view what) {
    const uint64_t at = offset_;
    const auto length = number<uint64_t>(what);
    require(length, what);
    std::string value(reinterpret_cast<const char*>(file_.data()) + offset_, length);
    if (!is_utf8(value)) corrupt(at, fmt::format("{} is not UTF-8", what));
    offset_ += length;
    return value;
  }

  void skip(uint64_t bytes, std::string_view what) {
    require(bytes, what);
    offset_ += bytes;
  }

  [[noreturn]] void corrupt(uint64_t offset, const std::string& what) const {
    fail(Status::FileCorrupt,
         "'{}' is not a valid GGUF file: at byte {}: {}. Download or write the file again.", path_, offset,
         what);
  }

 private:
  void require(uint64_t bytes, std::string_view what) const {
    if (bytes > left())
      corrupt(offset_, fmt::format("expected {} bytes of {}, found {} up to the end of the file", bytes, what,
                                   left()));
  }

  std::span<const std::byte> file_;
  const std::string& path_;
  uint64_t offset_ = 0;
};

/// An integer of any width; `fits` says whether the type is one and the value is not beyond int64.
int64_t integer(Reader& reader, uint32_t type, std::string_view what, bool& fits) {
  fits = true;
  switch (type) {
    case U8:
      return reader.number<uint8_t>(what);
    case I8:
      return reader.number<int8_t>(what);
    case U16:
      return reader.number<uint16_t>(what);
    case I16:
      return reader.number<int16_t>(what);
    case U32:
      return reader.number<uint32_t>(what);
    case I32:
      return reader.number<int32_t>(what);
    case I64:
      return reader.number<int64_t>(what);
    case U64: {
      const auto value = reader.number<uint64_t>(what);
      fits = value <= static_cast<uint64_t>(INT64_MAX);
      return static_cast<int64_t>(value);
    }
    default:
      fits = false;
      return 0;
  }
}

struct KeyValues {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::vector<int64_t>, std::less<>> shapes;  // of kOriginalShape, by tensor
  uint64_t alignment = kDefaultAlignment;
};

std::vector<int64_t> read_shape(Reader& reader, uint32_t type, uint64_t count, const std::string& key) {
  const uint64_t at = reader.offset();
  if (count > 16)
    reader.corrupt(at, fmt::format("'{}': expected at most 16 dimensions, found {}", key, count));
  std::vector<int64_t> shape;
  for (uint64_t i = 0; i < count; ++i) {
    bool fits = false;
    shape.push_back(integer(reader, type, key, fits));
    if (!fits || shape.back() < 0)
      reader.corrupt(at, fmt::format("'{}': expected non-negative integers as dimensions", key));
  }
  return shape;
}

void read_array(Reader& reader, const std::string& key, KeyValues& values) {
  const uint64_t at = reader.offset();
  const auto type = reader.number<uint32_t>(key);
  const auto count = reader.number<uint64_t>(key);
  if (key.starts_with(kOriginalShape)) {
    values.shapes[key.substr(kOriginalShape.size())] = read_shape(reader, type, count, key);
  } else if (type == String) {
    if (count > reader.left() / 8)
      reader.corrupt(at, fmt::format("'{}': {} strings do not fit the {} bytes up to the end of the file",
                                     key, count, reader.left()));
    for (uint64_t i = 0; i < count; ++i) reader.skip(reader.number<uint64_t>(key), key);
  } else {
    const uint64_t size = size_of(type);
    if (size == 0)
      reader.corrupt(at,
                     fmt::format("'{}': expected a list of scalars or strings, found type {}", key, type));
    if (count > reader.left() / size)
      reader.corrupt(
          at, fmt::format("'{}': {} values of {} bytes do not fit the {} bytes up to the end of the file",
                          key, count, size, reader.left()));
    reader.skip(count * size, key);
  }
}

void read_value(Reader& reader, const std::string& key, KeyValues& values) {
  const uint64_t at = reader.offset();
  const auto type = reader.number<uint32_t>(key);
  if (key == "general.alignment") {
    bool fits = false;
    const auto alignment = integer(reader, type, key, fits);
    if (!fits || alignment <= 0 || static_cast<uint64_t>(alignment) > kMaxAlignment ||
        (alignment & (alignment - 1)) != 0)
      reader.corrupt(
          at, fmt::format("'general.alignment': expected a power of two up to {}, found {}", kMaxAlignment,
                          fits ? std::to_string(alignment) : fmt::format("a value of type {}", type)));
    values.alignment = static_cast<uint64_t>(alignment);
    values.texts[key] = std::to_string(alignment);
    return;
  }
  switch (type) {
    case String:
      values.texts[key] = reader.text("'" + key + "'");
      return;
    case Array:
      read_array(reader, key, values);
      return;
    case Bool: {
      const auto value = reader.number<uint8_t>(key);
      if (value > 1)
        reader.corrupt(at, fmt::format("'{}': expected a boolean of 0 or 1, found {}", key, value));
      values.texts[key] = value ? "true" : "false";
      return;
    }
    case F32:
      values.texts[key] = fmt::format("{}", reader.number<float>(key));
      return;
    case F64:
      values.texts[key] = fmt::format("{}", reader.number<double>(key));
      return;
    case U64:
      values.texts[key] = std::to_string(reader.number<uint64_t>(key));
      return;
    default: {
      bool fits = false;
      const auto value = integer(reader, type, key, fits);
      if (!fits)
        reader.corrupt(at, fmt::format("'{}': expected a value type of 0 to 12, found {}", key, type));
      values.texts[key] = std::to_string(value);
    }
  }
}

KeyValues read_key_values(Reader& reader, uint64_t count) {
  KeyValues values;
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < count; ++i) {
    auto key = reader.text("a key");
    read_value(reader, key, values);
    keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end());
  if (const auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end())
    reader.corrupt(0, fmt::format("key '{}' is listed twice", *twice));
  return values;
}

/// Number of elements; false where it does not fit 58 bits.
bool count_elements(const std::vector<int64_t>& shape, uint64_t& count) {
  count = 1;
  bool empty = false, overflow = false;
  for (const auto extent : shape) {
    empty |= extent == 0;
    overflow |= extent > 0 && __builtin_mul_overflow(count, static_cast<uint64_t>(extent), &count);
  }
  if (overflow || count > static_cast<uint64_t>(INT64_MAX) / 64) return false;
  if (empty) count = 0;
  return true;
}

TensorEntry read_entry(Reader& reader, const std::string& name) {
  const uint64_t at = reader.offset();
  const auto bad = [&](const std::string& what) {
    reader.corrupt(at, fmt::format("tensor '{}': {}", name, what));
  };
  const auto dimensions = reader.number<uint32_t>("a tensor");
  if (dimensions > kMaxDimensions)
    bad(fmt::format("expected at most {} dimensions, found {}", kMaxDimensions, dimensions));
  TensorEntry entry;
  for (uint32_t i = 0; i < dimensions; ++i) {
    const auto extent = reader.number<uint64_t>("a dimension");
    if (extent > static_cast<uint64_t>(INT64_MAX)) bad(fmt::format("dimension {} overflows", extent));
    entry.shape.insert(entry.shape.begin(), static_cast<int64_t>(extent));  // fastest first in the file
  }
  const auto id = reader.number<uint32_t>("a type");
  entry.begin = entry.end = reader.number<uint64_t>("an offset");
  uint64_t elements = 0;
  if (!count_elements(entry.shape, elements)) bad("the number of elements overflows");
  const auto* type = gguf_type(id);
  entry.dtype = type ? std::string(type->name) : fmt::format("type {}", id);
  if (!type) return entry;  // its size is unknown; reading such a tensor is refused later
  const uint64_t row = entry.shape.empty() ? 1 : static_cast<uint64_t>(entry.shape.back());
  if (row % type->elements != 0)
    bad(fmt::format("rows of {} elements are not whole blocks of {} elements of {}", row, type->elements,
                    type->name));
  if (__builtin_add_overflow(entry.begin, elements / type->elements * type->bytes, &entry.end))
    bad(fmt::format("offset {} overflows", entry.begin));
  return entry;
}

void check_places(const Reader& reader, const TensorTable& table, uint64_t data_size, uint64_t alignment) {
  std::vector<const std::pair<const std::string, TensorEntry>*> order;
  for (const auto& item : table.tensors) {
    const auto& name = item.first;
    const auto& entry = item.second;
    const auto bad = [&](const std::string& what) {
      reader.corrupt(table.data_begin, fmt::format("tensor '{}': {}", name, what));
    };
    if (entry.begin % alignment != 0)
      bad(fmt::format("expected an offset that is a multiple of {}, found {}", alignment, entry.begin));
    if (entry.end > data_size)
      bad(fmt::format("expected its bytes within the {} data bytes of the file, found [{}, {}]", data_size,
                      entry.begin, entry.end));
    if (entry.end > entry.begin) order.push_back(&item);
  }
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return a->second.begin < b->second.begin; });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i]->second.begin < order[i - 1]->second.end)
      reader.corrupt(table.data_begin + order[i]->second.begin,
                     fmt::format("tensors '{}' and '{}' overlap: expected an offset of at least {}, found {}",
                                 order[i - 1]->first, order[i]->first, order[i - 1]->second.end,
                                 order[i]->second.begin));
}

/// Converters flatten what the container cannot hold and note the true shape beside it.
void restore_shapes(const Reader& reader, TensorTable& table, const KeyValues& values) {
  for (const auto& [name, shape] : values.shapes) {
    const auto found = table.tensors.find(name);
    if (found == table.tensors.end()) continue;
    uint64_t stored = 0, original = 0;
    if (!count_elements(found->second.shape, stored) || !count_elements(shape, original) ||
        stored != original)
      reader.corrupt(0, fmt::format("'{}{}': expected a shape of the tensor's {} elements, found [{}]",
                                    kOriginalShape, name, stored, fmt::join(shape, ", ")));
    found->second.shape = shape;
  }
}

}  // namespace

const GgufType* gguf_type(uint32_t id) {
  const auto* found =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const GgufType& type) { return type.id == id; });
  return found == std::end(kTypes) ? nullptr : found;
}

const GgufType* gguf_type_named(std::string_view name) {
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const GgufType& type) { return type.name == name; });
  return found == std::end(kTypes) ? nullptr : found;
}

bool is_gguf(std::span<const std::byte> file) {
  return file.size() >= 4 && std::memcmp(file.data(), "GGUF", 4) == 0;
}

TensorTable read_gguf_header(std::span<const std::byte> file, const std::string& path) {
  Reader reader(file, path);
  if (!is_gguf(file)) reader.corrupt(0, "expected the magic 'GGUF'");
  reader.skip(4, "magic");
  const auto version = reader.number<uint32_t>("version");
  if (version != kVersion)
    fail(Status::FileFormat,
         "'{}' is GGUF version {}; expected version {}, little endian. Convert the file again.", path,
         version, kVersion);
  const auto tensor_count = reader.number<uint64_t>("tensor count");
  const auto key_count = reader.number<uint64_t>("key count");
  // The smallest key takes 13 bytes, the smallest tensor 24: counts that cannot be true are told apart here.
  if (key_count > reader.left() / 13)
    reader.corrupt(16, fmt::format("{} keys do not fit the {} bytes up to the end of the file", key_count,
                                   reader.left()));
  if (tensor_count > reader.left() / 24)
    reader.corrupt(8, fmt::format("{} tensors do not fit the {} bytes up to the end of the file",
                                  tensor_count, reader.left()));
  auto values = read_key_values(reader, key_count);
  TensorTable table;
  for (uint64_t i = 0; i < tensor_count; ++i) {
    const uint64_t at = reader.offset();
    auto name = reader.text("a tensor's name");
    auto entry = read_entry(reader, name);
    if (const auto [place, first] = table.tensors.emplace(std::move(name), std::move(entry)); !first)
      reader.corrupt(at, fmt::format("tensor '{}' is listed twice", place->first));
  }
  const uint64_t padding = (values.alignment - reader.offset() % values.alignment) % values.alignment;
  // A file without data may end with its header.
  table.data_begin = std::min<uint64_t>(reader.offset() + padding, file.size());
  check_places(reader, table, file.size() - table.data_begin, values.alignment);
  restore_shapes(reader, table, values);
  table.metadata = std::move(values.texts);
  return table;
}

}  // namespace ltx::io
