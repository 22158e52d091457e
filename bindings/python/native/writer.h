// C structs into Python dictionaries, and the layout of what is bound.
#pragma once
#include <pybind11/numpy.h>

#include <cstring>
#include <string>
#include <type_traits>

#include "failure.h"
#include "members.h"

namespace pyltx {

/// The kebab-case text of a value; "unknown-77" for one of a later library.
std::string choice_text(ltx_enum type, int32_t value);
/// Frames [F, H, W, C] or samples [C, N]: a view that keeps `owner` alive, a copy without one.
py::array frames_of(const ltx_video_buffer& buffer, py::handle owner = {});
py::array samples_of(const ltx_audio_buffer& buffer, py::handle owner = {});

/// A text of the library. It quotes names of files, which need not be UTF-8: those bytes become U+FFFD.
inline py::str text_of(const char* text, size_t length) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text, static_cast<py::ssize_t>(length), "replace");
  if (!decoded) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

class Writer {
 public:
  py::dict dict;

  template <class T>
  void number(const char* name, T& value) {
    dict[name] = py::cast(value);
  }
  void flag(const char* name, ltx_bool& value) {
    dict[name] = value < 0 ? py::object(py::none()) : py::object(py::bool_(value != 0));
  }
  void choice(const char* name, int32_t& value, ltx_enum type) { dict[name] = choice_text(type, value); }
  void text(const char* name, const char*& value) {
    dict[name] = value ? py::object(text_of(value, std::strlen(value))) : py::object(py::none());
  }
  template <class T>
  void nested(const char* name, const T*& value);
  template <class T>
  void list(const char* name, const T*& values, const char* count_name, size_t& count);
  template <class T>
  void address(const char*, T*&) {}
  void pipeline(const char*, ltx_pipeline*&) {}
  template <size_t N>
  void bytes(const char* name, uint8_t (&value)[N]) {
    dict[name] = py::bytes(reinterpret_cast<const char*>(value), N);
  }
  template <size_t N>
  void bytes(const char* name, char (&value)[N]) {
    dict[name] = text_of(value, strnlen(value, N));
  }
};

template <class T>
py::dict write(const T& from) {
  Writer writer;
  members(writer, const_cast<T&>(from));  // visitors take members by reference; this one only reads
  return std::move(writer.dict);
}

template <class T>
void Writer::nested(const char* name, const T*& value) {
  if (!value)
    dict[name] = py::none();
  else
    dict[name] = write(*value);
}

template <class T>
void Writer::list(const char* name, const T*& values, const char*, size_t& count) {
  if (!values) {
    dict[name] = count ? py::object(py::int_(count)) : py::object(py::none());
    return;
  }
  py::tuple items(count);
  for (size_t i = 0; i < count; ++i) {
    if constexpr (std::is_arithmetic_v<T>)
      items[i] = py::cast(values[i]);
    else
      items[i] = write(values[i]);
  }
  dict[name] = std::move(items);
}

/// An event with its own copies of frames and samples.
py::dict write_event(const ltx_event& event);
/// Struct name -> member -> (offset, size in bytes).
py::dict struct_members();

}  // namespace pyltx
