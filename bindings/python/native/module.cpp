// libltx._native: ltx_c.h one to one. Typed Python lies on top; nothing here is public.
#include <cxxabi.h>
#include <pybind11/pybind11.h>
#include <pybind11/typing.h>

#include <exception>
#include <utility>

#include "handle.h"
#include "reader.h"
#include "writer.h"

namespace pyltx {
namespace {

using Report = py::typing::Dict<py::str, py::object>;
using Layouts = py::typing::Dict<py::str, py::typing::Dict<py::str, py::typing::Tuple<py::int_, py::int_>>>;
using OnEvent = py::typing::Callable<void(Report)>;

/// Calls a Python function with each event of a blocking call. An exception cancels the call and is thrown
/// again after it.
class Listener {
 public:
  explicit Listener(py::function function) : function_(std::move(function)) {}

  static int32_t on_event(const ltx_event* event, void* self) {
    return static_cast<Listener*>(self)->handle(*event);
  }

  template <class F>
  void run(F&& function) {
    try {
      call(std::forward<F>(function));
    } catch (const Failure&) {
      if (!thrown_) throw;
    }
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  int32_t handle(const ltx_event& event) {
    if (thrown_) return 1;  // the call is ending
    const Locked locked;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      function_(write_event(event));
      return 0;
    } catch (const abi::__forced_unwind&) {  // the function is Python, and the interpreter has ended
      wait_for_exit();
    } catch (...) {
      thrown_ = std::current_exception();
      return 1;
    }
  }

  py::function function_;
  std::exception_ptr thrown_;
};

template <class T, class F>
T filled(F&& function) {
  T object;
  if (const ltx_status status = ltx_init(StructType<T>::value, &object, sizeof object); status != LTX_OK)
    throw Failure{status, ltx_last_error()};
  call([&] { return function(&object); });
  return object;
}

std::string json_text(const Handle<ltx_info>& info) {
  const char* text = ltx_info_json(info.get());
  return text ? text : "{}";
}

template <class F>
std::string json_of(F&& function) {
  Handle<ltx_info> info;
  call([&] { return function(info.out()); });
  return json_text(info);
}

class Result : public Handle<ltx_result> {
 public:
  /// The buffer's members and "data", an array without a copy that keeps this object alive.
  static Report video(const py::object& self) {
    const auto buffer = filled<ltx_video_buffer>([&](auto* out) { return ltx_result_video(of(self), out); });
    py::dict dict = write(buffer);
    dict["data"] = frames_of(buffer, self);
    return dict;
  }
  static Report audio(const py::object& self) {
    const auto buffer = filled<ltx_audio_buffer>([&](auto* out) { return ltx_result_audio(of(self), out); });
    py::dict dict = write(buffer);
    dict["data"] = samples_of(buffer, self);
    return dict;
  }
  Report stats() const {
    return write(filled<ltx_stats>([&](auto* out) { return ltx_result_stats(get(), out); }));
  }
  void copy_frames(int32_t first, int32_t count, const py::object& target) const {
    Arena arena;
    const auto* buffer = read<ltx_video_buffer>(arena, target, "target");
    call([&] { return ltx_result_copy_frames(get(), first, count, buffer); });
  }
  void save(const py::object& output, OnEvent listener) const {
    Arena arena;
    const auto* options = read<ltx_output>(arena, output, "output");
    Listener to(std::move(listener));
    to.run([&] { return ltx_result_save(get(), options, Listener::on_event, &to); });
  }

 private:
  static ltx_result* of(const py::object& self) { return self.cast<const Result&>().get(); }
};

class Job : public Handle<ltx_job> {
 public:
  /// None after the time.
  py::typing::Optional<Report> next_event(int32_t timeout_ms) {
    const Lease lease(*this, true);  // the job owns what the event shows, until the next one
    ltx_event event;
    if (const ltx_status status = ltx_event_init(&event); status != LTX_OK)
      throw Failure{status, ltx_last_error()};
    if (!in_time([&] { return ltx_job_next_event(get(), timeout_ms, &event); })) return py::none();
    return write_event(event);
  }
  Report progress() const {
    return write(filled<ltx_progress>([&](auto* out) { return ltx_job_progress(get(), out); }));
  }
  void cancel() const {
    call([&] { return ltx_job_cancel(get()); });
  }
  bool finished() const {
    const ltx_status status = ltx_job_status(get());
    return status != LTX_E_NOT_READY;
  }
  /// Throws what the job ended with, NOT_READY while it runs.
  void check() const {
    call([&] { return ltx_job_status(get()); });
  }
  std::unique_ptr<Result> result() const {
    auto result = std::make_unique<Result>();
    call([&] { return ltx_job_result(get(), result->out()); });
    return result;
  }
  /// Cancels the call if it runs. Under a consumer the job goes when that one leaves.
  void free() {
    if (!Handle::free()) ltx_job_cancel(get());
  }

 private:
  template <class F>
  static bool in_time(F&& function) {
    try {
      call(std::forward<F>(function));
    } catch (const Failure& failure) {
      if (failure.status == LTX_E_TIMEOUT) return false;
      throw;
    }
    return true;
  }
};

class Pipeline : public Handle<ltx_pipeline> {
 public:
  explicit Pipeline(const py::object& params) {
    Arena arena;
    const auto* own = read<ltx_pipeline_params>(arena, params, "params");
    call([&] { return ltx_pipeline_create(own, out()); });
  }
  std::string info() const {
    return json_of([&](auto** out) { return ltx_pipeline_info(get(), out); });
  }
  Report resolve(const py::object& request) {
    Arena arena;
    const auto* own = read<ltx_request>(arena, request, "request");
    const Lease lease(*this);  // the pipeline owns what the resolved request points to
    return write(filled<ltx_request>([&](auto* out) { return ltx_pipeline_resolve(get(), own, out); }));
  }
  Report component(const py::str& name) const {
    const int32_t component = choice_from(name, LTX_ENUM_COMPONENT, "component");
    return write(filled<ltx_component_state>(
        [&](auto* out) { return ltx_pipeline_component(get(), component, out); }));
  }
  std::unique_ptr<Job> preload_start(const py::str& name) const {
    const int32_t component = choice_from(name, LTX_ENUM_COMPONENT, "component");
    auto job = std::make_unique<Job>();
    call([&] { return ltx_pipeline_preload_start(get(), component, job->out()); });
    return job;
  }
  void evict(const py::str& name) const {
    const int32_t component = choice_from(name, LTX_ENUM_COMPONENT, "component");
    call([&] { return ltx_pipeline_evict(get(), component); });
  }
  void encode_text(const py::object& request, const py::object& path, OnEvent listener) const {
    Arena arena;
    const auto* own = read<ltx_request>(arena, request, "request");
    const std::string file = text_from(path, "path");
    Listener to(std::move(listener));
    to.run([&] { return ltx_encode_text(get(), own, file.c_str(), Listener::on_event, &to); });
  }
  std::string enhance_prompt(const py::object& request, OnEvent listener) const {
    Arena arena;
    const auto* own = read<ltx_request>(arena, request, "request");
    Listener to(std::move(listener));
    Handle<ltx_info> info;
    to.run([&] { return ltx_enhance_prompt(get(), own, Listener::on_event, &to, info.out()); });
    return json_text(info);
  }
  void calibrate(const py::typing::List<py::object>& requests, const py::object& path,
                 OnEvent listener) const {
    Arena arena;
    size_t count = 0;
    const auto* own = read_list<ltx_request>(arena, requests, "requests", count);
    const std::string file = text_from(path, "path");
    Listener to(std::move(listener));
    to.run([&] { return ltx_calibrate(get(), own, count, file.c_str(), Listener::on_event, &to); });
  }
  std::unique_ptr<Job> generate_start(const py::object& request) const {
    Arena arena;
    const auto* own = read<ltx_request>(arena, request, "request");
    auto job = std::make_unique<Job>();
    call([&] { return ltx_generate_start(get(), own, job->out()); });
    return job;
  }
};

std::unique_ptr<Job> convert_start(const py::object& params) {
  Arena arena;
  const auto* own = read<ltx_convert_params>(arena, params, "params");
  auto job = std::make_unique<Job>();
  call([&] { return ltx_convert_start(own, job->out()); });
  return job;
}

std::string inspect(const py::object& path) {
  const std::string name = text_from(path, "path");
  return json_of([&](auto** out) { return ltx_inspect(name.c_str(), out); });
}

py::typing::List<Report> devices() {
  int32_t count = 0;
  call([&] { return ltx_device_count(&count); });
  py::list list;
  for (int32_t i = 0; i < count; ++i)
    list.append(write(filled<ltx_device_info>([&](auto* out) { return ltx_device_get(i, out); })));
  return list;
}

/// Throws the status and message that a use would give.
void supports(const py::str& capability, const py::typing::Optional<py::str>& value, const py::str& device,
              int32_t index) {
  const int32_t asked = choice_from(capability, LTX_ENUM_CAPABILITY, "capability");
  const ltx_enum type = asked == LTX_CAPABILITY_PIPELINE  ? LTX_ENUM_PIPELINE
                        : asked == LTX_CAPABILITY_QUANT   ? LTX_ENUM_QUANT
                        : asked == LTX_CAPABILITY_FORMAT  ? LTX_ENUM_FORMAT
                        : asked == LTX_CAPABILITY_PREVIEW ? LTX_ENUM_PREVIEW
                                                          : 0;
  if (value.is_none() != (type == 0))
    throw Failure{LTX_E_INVALID_ARGUMENT,
                  type ? "value is None, but this capability has values. Name one of them."
                       : "value is set, but this capability has none. Leave it None."};
  const int32_t number = type ? choice_from(value, type, "value") : 0;
  const int32_t kind = choice_from(device, LTX_ENUM_DEVICE, "device");
  call([&] { return ltx_supports(asked, number, kind, index); });
}

void raise_failure(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Failure& failure) {
    const py::object error =
        py::module_::import("libltx._errors")
            .attr("error_of")(static_cast<int>(failure.status), choice_text(LTX_ENUM_STATUS, failure.status),
                              text_of(failure.message.data(), failure.message.size()));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  }
}

}  // namespace

ltx_pipeline* pipeline_from(py::handle value, const std::string& at) {
  if (!py::isinstance<Pipeline>(value)) throw py::type_error(at + " is no Pipeline. Pass one.");
  return value.cast<const Pipeline&>().get();
}

}  // namespace pyltx

// Objects hold a handle that never changes; the library's table of handles is safe under threads, and leases
// keep what the library lends.
PYBIND11_MODULE(_native, m, pybind11::mod_gil_not_used()) {
  using namespace pyltx;
  namespace py = pybind11;
  m.doc() = "ltx_c.h one to one; see libltx for the public names.";
  py::register_local_exception_translator(raise_failure);

  py::class_<Result>(m, "Result")
      .def("video", &Result::video)
      .def("audio", &Result::audio)
      .def("stats", &Result::stats)
      .def("copy_frames", &Result::copy_frames, py::arg("first"), py::arg("count"), py::arg("target"))
      .def("save", &Result::save, py::arg("output"), py::arg("listener"));
  py::class_<Job>(m, "Job")
      .def("next_event", &Job::next_event, py::arg("timeout_ms"))
      .def("progress", &Job::progress)
      .def("cancel", &Job::cancel)
      .def("finished", &Job::finished)
      .def("check", &Job::check)
      .def("result", &Job::result)
      .def("free", &Job::free);
  py::class_<Pipeline>(m, "Pipeline")
      .def(py::init<const py::object&>(), py::arg("params"))
      .def("info", &Pipeline::info)
      .def("resolve", &Pipeline::resolve, py::arg("request"))
      .def("component", &Pipeline::component, py::arg("name"))
      .def("preload_start", &Pipeline::preload_start, py::arg("name"))
      .def("evict", &Pipeline::evict, py::arg("name"))
      .def("encode_text", &Pipeline::encode_text, py::arg("request"), py::arg("path"), py::arg("listener"))
      .def("enhance_prompt", &Pipeline::enhance_prompt, py::arg("request"), py::arg("listener"))
      .def("calibrate", &Pipeline::calibrate, py::arg("requests"), py::arg("path"), py::arg("listener"))
      .def("generate_start", &Pipeline::generate_start, py::arg("request"))
      .def("free", [](Pipeline& self) { self.free(); });
  m.def("version", [] { return std::string(ltx_version_string()); });
  m.def("build_info", [] { return std::string(ltx_build_info()); });
  m.def("inspect", &inspect, py::arg("path"));
  m.def("devices", &devices);
  m.def("supports", &supports, py::arg("capability"), py::arg("value"), py::arg("device"), py::arg("index"));
  m.def("convert_start", &convert_start, py::arg("params"));
  m.def("struct_members", [] { return Layouts(struct_members()); });
}
