#include "writer.h"

#include <cstddef>
#include <vector>

namespace pyltx {
namespace {

struct Channels {
  const char* dtype;
  py::ssize_t bytes, count;
};

Channels channels_of(ltx_pixel_format format) {
  switch (format) {
    case LTX_PIXEL_RGB8:
      return {"uint8", 1, 3};
    case LTX_PIXEL_RGBA8:
      return {"uint8", 1, 4};
    case LTX_PIXEL_RGB_F16:
      return {"float16", 2, 3};
    case LTX_PIXEL_RGB_F32:
      return {"float32", 4, 3};
    case LTX_PIXEL_GRAY8:
      return {"uint8", 1, 1};
    default:
      throw Failure{LTX_E_UNSUPPORTED, "frames have pixel format " + choice_text(LTX_ENUM_PIXEL, format) +
                                           ", which this package does not know. Update it."};
  }
}

/// Walks a struct and notes where its members lie.
class Layout {
 public:
  explicit Layout(const void* base) : base_(static_cast<const char*>(base)) {}
  py::dict dict;

  template <class T>
  void number(const char* name, T& member) {
    note(name, &member, sizeof member);
  }
  void flag(const char* name, ltx_bool& member) { note(name, &member, sizeof member); }
  void choice(const char* name, int32_t& member, ltx_enum) { note(name, &member, sizeof member); }
  void text(const char* name, const char*& member) { note(name, &member, sizeof member); }
  template <class T>
  void nested(const char* name, const T*& member) {
    note(name, &member, sizeof member);
  }
  template <class T>
  void list(const char* name, const T*& member, const char* count_name, size_t& count) {
    note(name, &member, sizeof member);
    note(count_name, &count, sizeof count);
  }
  template <class T>
  void address(const char* name, T*& member) {
    note(name, &member, sizeof member);
  }
  void pipeline(const char* name, ltx_pipeline*& member) { note(name, &member, sizeof member); }
  template <class T, size_t N>
  void bytes(const char* name, T (&member)[N]) {
    note(name, &member, sizeof member);
  }

 private:
  void note(const char* name, const void* member, size_t size) {
    dict[name] = py::make_tuple(static_cast<const char*>(member) - base_, size);
  }
  const char* base_;
};

template <class... T>
void add_layouts(py::dict& all) {
  const auto add = [&all]<class S>(S*) {
    S object{};
    Layout layout(&object);
    members(layout, object);
    all[StructType<S>::name] = layout.dict;
  };
  (add(static_cast<T*>(nullptr)), ...);
}

}  // namespace

std::string choice_text(ltx_enum type, int32_t value) {
  const char* name = ltx_enum_name(type, value);
  return name ? name : "unknown-" + std::to_string(value);
}

py::array frames_of(const ltx_video_buffer& b, py::handle owner) {
  const Channels c = channels_of(b.pixel_format);
  const auto row = static_cast<py::ssize_t>(
      b.row_stride ? b.row_stride : static_cast<uint64_t>(b.width * c.count * c.bytes));
  const auto frame =
      static_cast<py::ssize_t>(b.frame_stride ? b.frame_stride : static_cast<uint64_t>(row * b.height));
  return py::array(py::dtype(c.dtype), std::vector<py::ssize_t>{b.frame_count, b.height, b.width, c.count},
                   std::vector<py::ssize_t>{frame, row, c.count * c.bytes, c.bytes}, b.data, owner);
}

py::array samples_of(const ltx_audio_buffer& b, py::handle owner) {
  const auto count = static_cast<py::ssize_t>(b.sample_count);
  const auto stride =
      static_cast<py::ssize_t>((b.channel_stride ? b.channel_stride : b.sample_count) * sizeof(float));
  return py::array(py::dtype("float32"), std::vector<py::ssize_t>{b.channels, count},
                   std::vector<py::ssize_t>{stride, sizeof(float)}, b.data, owner);
}

py::dict write_event(const ltx_event& event) {
  py::dict dict = write(event);
  if (event.video) dict["video"]["data"] = frames_of(*event.video);
  if (event.audio) dict["audio"]["data"] = samples_of(*event.audio);
  return dict;
}

py::dict struct_members() {
  py::dict all;
  add_layouts<ltx_model_paths, ltx_lora, ltx_quant_rule, ltx_quant_options, ltx_component_residency,
              ltx_pipeline_params, ltx_guidance, ltx_tiling, ltx_video_buffer, ltx_audio_buffer,
              ltx_image_condition, ltx_video_condition, ltx_audio_condition, ltx_output, ltx_request,
              ltx_progress, ltx_event, ltx_stats, ltx_device_info, ltx_component_state, ltx_convert_params>(
      all);
  return all;
}

}  // namespace pyltx
