// libltx for C++17: owners for the handles of ltx_c.h, exceptions for its statuses, any callable as event
// handler. Header only, without logic of its own; structs are those of C.
//
//   auto models = ltx::make<ltx_model_paths>();
//   models.root = "models";
//   auto params = ltx::make<ltx_pipeline_params>();
//   params.kind = LTX_PIPELINE_DISTILLED;
//   params.models = &models;
//   ltx::pipeline pipeline(params);
//   auto request = ltx::make<ltx_request>();
//   request.prompt = "rain on a pasture";
//   ltx::result clip = pipeline.generate(request, [](const ltx_event& event) { return true; });
#ifndef LTX_HPP
#define LTX_HPP

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ltx_c.h"

namespace ltx {

/// A failed call: its status and message.
class error : public std::runtime_error {
 public:
  error(ltx_status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  ltx_status status() const noexcept { return status_; }
  const char* name() const noexcept { return ltx_status_name(status_); }

 private:
  ltx_status status_;
};

/// Throws error with this thread's last message unless the status is LTX_OK.
inline void check(ltx_status status) {
  if (status != LTX_OK) throw error(status, ltx_last_error());
}

// ---- Structs and enumerations

namespace detail {

template <class T>
struct struct_type;
#define LTX_HPP_STRUCT(type, number) \
  template <>                        \
  struct struct_type<type> : std::integral_constant<ltx_struct, LTX_STRUCT_##number> {}
LTX_HPP_STRUCT(ltx_model_paths, MODEL_PATHS);
LTX_HPP_STRUCT(ltx_lora, LORA);
LTX_HPP_STRUCT(ltx_quant_rule, QUANT_RULE);
LTX_HPP_STRUCT(ltx_quant_options, QUANT_OPTIONS);
LTX_HPP_STRUCT(ltx_component_residency, COMPONENT_RESIDENCY);
LTX_HPP_STRUCT(ltx_pipeline_params, PIPELINE_PARAMS);
LTX_HPP_STRUCT(ltx_guidance, GUIDANCE);
LTX_HPP_STRUCT(ltx_tiling, TILING);
LTX_HPP_STRUCT(ltx_video_buffer, VIDEO_BUFFER);
LTX_HPP_STRUCT(ltx_audio_buffer, AUDIO_BUFFER);
LTX_HPP_STRUCT(ltx_image_condition, IMAGE_CONDITION);
LTX_HPP_STRUCT(ltx_video_condition, VIDEO_CONDITION);
LTX_HPP_STRUCT(ltx_audio_condition, AUDIO_CONDITION);
LTX_HPP_STRUCT(ltx_output, OUTPUT);
LTX_HPP_STRUCT(ltx_request, REQUEST);
LTX_HPP_STRUCT(ltx_progress, PROGRESS);
LTX_HPP_STRUCT(ltx_event, EVENT);
LTX_HPP_STRUCT(ltx_stats, STATS);
LTX_HPP_STRUCT(ltx_memory_step, MEMORY_STEP);
LTX_HPP_STRUCT(ltx_estimate, ESTIMATE);
LTX_HPP_STRUCT(ltx_device_info, DEVICE_INFO);
LTX_HPP_STRUCT(ltx_component_state, COMPONENT_STATE);
LTX_HPP_STRUCT(ltx_convert_params, CONVERT_PARAMS);
#undef LTX_HPP_STRUCT

/// Owns one handle of any type.
template <class Handle>
class owner {
 public:
  owner() noexcept = default;
  explicit owner(Handle* handle) noexcept : handle_(handle) {}
  owner(owner&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  owner& operator=(owner&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~owner() { ltx_free(handle_); }

  Handle* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  void reset() noexcept { ltx_free(std::exchange(handle_, nullptr)); }

 private:
  Handle* handle_ = nullptr;
};

/// Any callable as ltx_event_fn. It takes const ltx_event& and returns nothing, or true to go on. What it
/// throws cancels the call and is thrown again when the call has returned.
template <class Function>
class handler {
 public:
  explicit handler(Function& function) noexcept : function_(function) {}

  ltx_event_fn fn() const noexcept { return &handler::call; }
  void* data() noexcept { return this; }

  void check(ltx_status status) const {
    if (thrown_) std::rethrow_exception(thrown_);
    ltx::check(status);
  }

 private:
  static int32_t call(const ltx_event* event, void* self) {
    auto& own = *static_cast<handler*>(self);
    if (own.thrown_) return 1;
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Function&, const ltx_event&>>) {
        own.function_(*event);
        return 0;
      } else {
        return own.function_(*event) ? 0 : 1;
      }
    } catch (...) {
      own.thrown_ = std::current_exception();
      return 1;
    }
  }

  Function& function_;
  std::exception_ptr thrown_;
};

struct ignore {
  void operator()(const ltx_event&) const noexcept {}
};

}  // namespace detail

/// A struct of ltx_c.h, initialised.
template <class T>
T make() {
  T object;
  check(ltx_init(detail::struct_type<T>::value, &object, sizeof object));
  return object;
}

/// "fp8-scaled-mm"; "" if the enumeration has no such value.
inline std::string name(ltx_enum type, int32_t value) {
  const char* text = ltx_enum_name(type, value);
  return text ? text : "";
}

inline int32_t parse(ltx_enum type, const std::string& text) {
  int32_t value = 0;
  check(ltx_enum_parse(type, text.c_str(), &value));
  return value;
}

// ---- Handles

/// A report as JSON.
class info {
 public:
  explicit info(ltx_info* handle) noexcept : handle_(handle) {}
  std::string json() const { return ltx_info_json(handle_.get()); }
  ltx_info* get() const noexcept { return handle_.get(); }

 private:
  detail::owner<ltx_info> handle_;
};

inline info inspect(const std::string& path) {
  ltx_info* handle = nullptr;
  check(ltx_inspect(path.c_str(), &handle));
  return info(handle);
}

inline int32_t device_count() {
  int32_t count = 0;
  check(ltx_device_count(&count));
  return count;
}

inline ltx_device_info device(int32_t ordinal) {
  auto out = make<ltx_device_info>();
  check(ltx_device_get(ordinal, &out));
  return out;
}

/// What a generation made. Views live as long as the result.
class result {
 public:
  result() noexcept = default;
  explicit result(ltx_result* handle) noexcept : handle_(handle) {}

  ltx_video_buffer video() const {
    auto out = make<ltx_video_buffer>();
    check(ltx_result_video(get(), &out));
    return out;
  }
  ltx_audio_buffer audio() const {
    auto out = make<ltx_audio_buffer>();
    check(ltx_result_audio(get(), &out));
    return out;
  }
  ltx_stats stats() const {
    auto out = make<ltx_stats>();
    check(ltx_result_stats(get(), &out));
    return out;
  }
  void copy_frames(int32_t first, int32_t count, const ltx_video_buffer& target) const {
    check(ltx_result_copy_frames(get(), first, count, &target));
  }
  template <class Function = detail::ignore>
  void save(const ltx_output& output, Function&& on_event = {}) const {
    detail::handler<std::remove_reference_t<Function>> events(on_event);
    events.check(ltx_result_save(get(), &output, events.fn(), events.data()));
  }

  ltx_result* get() const noexcept { return handle_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

 private:
  detail::owner<ltx_result> handle_;
};

/// A call on the library's thread. Destroying it cancels it.
class job {
 public:
  explicit job(ltx_job* handle) noexcept : handle_(handle) {}

  /// The next event; nothing if none arrives in time. What it points to lives until the next call.
  std::optional<ltx_event> next_event(std::chrono::milliseconds timeout = std::chrono::milliseconds(-1)) {
    auto event = make<ltx_event>();
    const ltx_status status = ltx_job_next_event(get(), static_cast<int32_t>(timeout.count()), &event);
    if (status == LTX_E_TIMEOUT) return std::nullopt;
    check(status);
    return event;
  }
  /// Throws what the job ended with.
  void wait() { check(ltx_job_wait(get(), -1)); }
  ltx_progress progress() const {
    auto out = make<ltx_progress>();
    check(ltx_job_progress(get(), &out));
    return out;
  }
  void cancel() { check(ltx_job_cancel(get())); }
  ltx_status status() const noexcept { return ltx_job_status(get()); }
  std::string message() const { return ltx_job_error(get()); }
  ltx::result result() const {
    ltx_result* handle = nullptr;
    check(ltx_job_result(get(), &handle));
    return ltx::result(handle);
  }

  ltx_job* get() const noexcept { return handle_.get(); }

 private:
  detail::owner<ltx_job> handle_;
};

/// Writes model files in another format; `on_event` returns false to cancel.
template <class Function = detail::ignore>
void convert(const ltx_convert_params& params, Function&& on_event = {}) {
  detail::handler<std::remove_reference_t<Function>> events(on_event);
  events.check(ltx_convert(&params, events.fn(), events.data()));
}

/// A recipe with its files.
class pipeline {
 public:
  explicit pipeline(const ltx_pipeline_params& params) {
    ltx_pipeline* handle = nullptr;
    check(ltx_pipeline_create(&params, &handle));
    handle_ = detail::owner<ltx_pipeline>(handle);
  }

  ltx::info info() const {
    ltx_info* handle = nullptr;
    check(ltx_pipeline_info(get(), &handle));
    return ltx::info(handle);
  }
  /// What it points to belongs to the pipeline until this thread's next resolve().
  ltx_request resolve(const ltx_request& request) const {
    auto out = make<ltx_request>();
    check(ltx_pipeline_resolve(get(), &request, &out));
    return out;
  }
  ltx_component_state component(ltx_component component) const {
    auto out = make<ltx_component_state>();
    check(ltx_pipeline_component(get(), component, &out));
    return out;
  }
  template <class Function = detail::ignore>
  void preload(ltx_component component = LTX_COMPONENT_ALL, Function&& on_event = {}) {
    detail::handler<std::remove_reference_t<Function>> events(on_event);
    events.check(ltx_pipeline_preload(get(), component, events.fn(), events.data()));
  }
  void evict(ltx_component component = LTX_COMPONENT_ALL) { check(ltx_pipeline_evict(get(), component)); }

  template <class Function = detail::ignore>
  void encode_text(const ltx_request& request, const std::string& path, Function&& on_event = {}) {
    detail::handler<std::remove_reference_t<Function>> events(on_event);
    events.check(ltx_encode_text(get(), &request, path.c_str(), events.fn(), events.data()));
  }
  /// The rewritten prompt and what it was made with, as JSON.
  template <class Function = detail::ignore>
  ltx::info enhance_prompt(const ltx_request& request, Function&& on_event = {}) {
    detail::handler<std::remove_reference_t<Function>> events(on_event);
    ltx_info* handle = nullptr;
    const ltx_status status = ltx_enhance_prompt(get(), &request, events.fn(), events.data(), &handle);
    ltx::info made(handle);
    events.check(status);
    return made;
  }
  template <class Function = detail::ignore>
  void calibrate(const std::vector<ltx_request>& requests, const std::string& path,
                 Function&& on_event = {}) {
    detail::handler<std::remove_reference_t<Function>> events(on_event);
    events.check(
        ltx_calibrate(get(), requests.data(), requests.size(), path.c_str(), events.fn(), events.data()));
  }
  template <class Function = detail::ignore>
  result generate(const ltx_request& request, Function&& on_event = {}) {
    detail::handler<std::remove_reference_t<Function>> events(on_event);
    ltx_result* handle = nullptr;
    const ltx_status status = ltx_generate(get(), &request, events.fn(), events.data(), &handle);
    result made(handle);
    events.check(status);
    return made;
  }
  job start(const ltx_request& request) {
    ltx_job* handle = nullptr;
    check(ltx_generate_start(get(), &request, &handle));
    return job(handle);
  }

  ltx_pipeline* get() const noexcept { return handle_.get(); }

 private:
  detail::owner<ltx_pipeline> handle_;
};

}  // namespace ltx

#endif  // LTX_HPP
