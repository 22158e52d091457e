// Python objects into C structs. A struct is read from an object with an attribute per member; None leaves
// the default that ltx_init() wrote. Everything that the struct points to lives in an arena.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "failure.h"
#include "members.h"

namespace pyltx {

/// Memory of one call: nested structs, lists, texts, and the objects whose memory is pointed to.
class Arena {
 public:
  template <class T>
  T* array(size_t count) {
    auto memory =
        std::make_shared<std::vector<T>>(count > 0 ? count : 1);  // an empty list has an address, too
    memory_.push_back(memory);
    return memory->data();
  }
  const char* text(std::string value) { return texts_.emplace_back(std::move(value)).c_str(); }
  void keep(py::object object) { objects_.push_back(std::move(object)); }

 private:
  std::vector<std::shared_ptr<void>> memory_;
  std::deque<std::string> texts_;
  std::vector<py::object> objects_;
};

/// TypeError or OverflowError that names the member.
int64_t signed_from(py::handle value, const std::string& at, int64_t low, int64_t high);
uint64_t unsigned_from(py::handle value, const std::string& at, uint64_t high);
double real_from(py::handle value, const std::string& at);
/// Whether an integer is meant, not a list: the types of NumPy's and Torch's arrays have an index, too, but
/// those of one axis and more have a length.
bool is_number(py::handle value);
/// A text, or a path as text. ValueError for a NUL inside.
std::string text_from(py::handle value, const std::string& at);
/// The value of an enumeration's kebab-case text.
int32_t choice_from(py::handle value, ltx_enum type, const std::string& at);
ltx_pipeline* pipeline_from(py::handle value, const std::string& at);  // objects.cpp

template <class T>
T number_from(py::handle value, const std::string& at) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(real_from(value, at));
  else if constexpr (std::is_signed_v<T>)
    return static_cast<T>(
        signed_from(value, at, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  else
    return static_cast<T>(unsigned_from(value, at, std::numeric_limits<T>::max()));
}

class Reader {
 public:
  Reader(Arena& arena, py::handle object, const std::string& path)
      : arena_(arena), object_(object), path_(path) {}

  template <class T>
  void number(const char* name, T& to) {
    if (const py::object value = get(name)) to = number_from<T>(value, at(name));
  }
  void flag(const char* name, ltx_bool& to) { number(name, to); }
  void choice(const char* name, int32_t& to, ltx_enum type) {
    if (const py::object value = get(name)) to = choice_from(value, type, at(name));
  }
  void text(const char* name, const char*& to) {
    if (const py::object value = get(name)) to = arena_.text(text_from(value, at(name)));
  }
  template <class T>
  void nested(const char* name, const T*& to);
  /// A sequence; of numbers also a count alone, for lists that the library fills.
  template <class T>
  void list(const char* name, const T*& to, const char* count_name, size_t& count);
  template <class T>
  void address(const char* name, T*& to) {
    if (const py::object value = get(name))
      to = reinterpret_cast<T*>(number_from<uintptr_t>(value, at(name)));
  }
  void pipeline(const char* name, ltx_pipeline*& to) {
    if (const py::object value = get(name)) to = pipeline_from(value, at(name));
  }
  template <class T, size_t N>
  void bytes(const char*, T (&)[N]) {}  // only in structs that come out

 private:
  /// The attribute, empty for None.
  py::object get(const char* name) {
    py::object value = object_.attr(name);
    if (value.is_none()) return {};
    arena_.keep(value);  // what it points to is used until the call returns
    return value;
  }
  std::string at(const std::string& name) const { return path_ + "." + name; }

  Arena& arena_;
  py::handle object_;
  const std::string& path_;
};

template <class T>
void read_into(Arena& arena, py::handle object, const std::string& path, T& to) {
  if (const ltx_status status = ltx_init(StructType<T>::value, &to, sizeof to); status != LTX_OK)
    throw Failure{status, ltx_last_error()};
  Reader reader(arena, object, path);
  members(reader, to);
}

template <class T>
T* read(Arena& arena, py::handle object, const std::string& path) {
  T* to = arena.array<T>(1);
  read_into(arena, object, path, *to);
  return to;
}

template <class T>
T* read_list(Arena& arena, py::handle sequence, const std::string& path, size_t& count) {
  const py::list items(py::reinterpret_borrow<py::object>(sequence));
  arena.keep(items);
  count = items.size();
  T* list = arena.array<T>(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string at = path + "[" + std::to_string(i) + "]";
    if constexpr (std::is_arithmetic_v<T>)
      list[i] = number_from<T>(items[i], at);
    else
      read_into(arena, items[i], at, list[i]);
  }
  return list;
}

template <class T>
void Reader::nested(const char* name, const T*& to) {
  if (const py::object value = get(name)) to = read<T>(arena_, value, at(name));
}

template <class T>
void Reader::list(const char* name, const T*& to, const char*, size_t& count) {
  const py::object value = get(name);
  if (!value) return;
  if (std::is_arithmetic_v<T> && is_number(value))
    count = number_from<size_t>(value, at(name));
  else
    to = read_list<T>(arena_, value, at(name), count);
}

}  // namespace pyltx
