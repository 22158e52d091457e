#include "reader.h"

namespace pyltx {
namespace {

std::string shown(py::handle value) {
  return py::str(py::repr(value)).cast<std::string>() + " (" + Py_TYPE(value.ptr())->tp_name + ")";
}

py::object index_from(py::handle value, const std::string& at) {
  PyObject* index = PyNumber_Index(value.ptr());
  if (index) return py::reinterpret_steal<py::object>(index);
  PyErr_Clear();
  throw py::type_error(at + " is " + shown(value) + ". Pass an integer.");
}

[[noreturn]] void out_of_range(py::handle value, const std::string& at, const std::string& range) {
  PyErr_Clear();
  const std::string text = at + " is " + shown(value) + ". Allowed: " + range + ".";
  PyErr_SetString(PyExc_OverflowError, text.c_str());
  throw py::error_already_set();
}

}  // namespace

int64_t signed_from(py::handle value, const std::string& at, int64_t low, int64_t high) {
  const py::object index = index_from(value, at);
  int overflow = 0;
  const int64_t number = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0 || number < low || number > high)
    out_of_range(value, at, std::to_string(low) + " to " + std::to_string(high));
  return number;
}

uint64_t unsigned_from(py::handle value, const std::string& at, uint64_t high) {
  const py::object index = index_from(value, at);
  const uint64_t number = PyLong_AsUnsignedLongLong(index.ptr());
  if (PyErr_Occurred() || number > high) out_of_range(value, at, "0 to " + std::to_string(high));
  return number;
}

double real_from(py::handle value, const std::string& at) {
  const double number = PyFloat_AsDouble(value.ptr());
  if (number != -1.0 || !PyErr_Occurred()) return number;
  PyErr_Clear();
  throw py::type_error(at + " is " + shown(value) + ". Pass a number.");
}

bool is_number(py::handle value) {
  if (PyIndex_Check(value.ptr()) == 0) return false;
  const bool list = PyObject_Size(value.ptr()) >= 0;
  PyErr_Clear();
  return !list;
}

std::string text_from(py::handle value, const std::string& at) {
  PyObject* path = PyOS_FSPath(value.ptr());
  if (!path) {
    PyErr_Clear();
    throw py::type_error(at + " is " + shown(value) + ". Pass a text or a path.");
  }
  const std::string text = py::reinterpret_steal<py::object>(path).cast<std::string>();
  if (text.find('\0') != std::string::npos)
    throw py::value_error(at + " contains a NUL. Pass a text without.");
  return text;
}

int32_t choice_from(py::handle value, ltx_enum type, const std::string& at) {
  if (!py::isinstance<py::str>(value)) throw py::type_error(at + " is " + shown(value) + ". Pass a text.");
  int32_t number = 0;
  const std::string text = text_from(value, at);
  if (const ltx_status status = ltx_enum_parse(type, text.c_str(), &number); status != LTX_OK)
    throw Failure{status, at + ": " + ltx_last_error()};
  return number;
}

}  // namespace pyltx
