// Structs of the C API by version: which sizes they had, their defaults, and copying them between clients of
// any version and the library (docs/c-api.md R3).
#pragma once
#include <cstddef>
#include <cstring>
#include <span>
#include <string>

#include "base/error.h"
#include "ltx_c.h"

namespace ltx::api {

struct StructInfo {
  ltx_struct type;
  const char* name;
  size_t size;                               // in this version
  std::span<const uint32_t> released_sizes;  // in all versions before that appended members
  std::span<const uint32_t> reserved;        // offsets of the reservedN members
  void (*fill)(void* object);                // defaults, struct_size included
};

/// Throws InvalidArgument for a number that is no type.
const StructInfo& struct_info(ltx_struct type);
std::span<const StructInfo> all_structs();

template <class T>
struct StructTypeOf;

/// ltx_init().
void init_struct(ltx_struct type, void* object, size_t size);

/// Copies a client's struct of any version over defaults. `path` names it in messages ("request.images[2]").
void read_struct(const StructInfo& info, const void* client, const std::string& path, void* own);

template <class T>
T read(const T* client, const std::string& path) {
  T own;
  read_struct(struct_info(StructTypeOf<T>::value), client, path, &own);
  return own;
}

/// A struct that receives: validated and reset to its defaults at once, filled by write().
template <class T>
class Out {
 public:
  Out(T* client, const char* name) : client_(client) {
    const T probe = read(client, name);  // validates pointer and size
    size_ = probe.struct_size;
    init_struct(StructTypeOf<T>::value, client, size_);
  }
  void write(const T& own) {
    std::memcpy(client_, &own, size_);
    client_->struct_size = size_;
  }

 private:
  T* client_;
  uint32_t size_ = 0;
};

/// A plain output: must be given, and is 0 or NULL until it is assigned.
template <class T>
T& receive(T* out, const char* name) {
  if (out == nullptr) fail(Status::InvalidArgument, "{} is NULL. Pass the address that receives it.", name);
  return *out = T{};
}

/// A struct with its defaults.
template <class T>
T make() {
  T own;
  struct_info(StructTypeOf<T>::value).fill(&own);
  return own;
}

#define LTX_STRUCT_TYPE(type, number)             \
  template <>                                     \
  struct StructTypeOf<type> {                     \
    static constexpr ltx_struct value = (number); \
  }
LTX_STRUCT_TYPE(ltx_model_paths, LTX_STRUCT_MODEL_PATHS);
LTX_STRUCT_TYPE(ltx_lora, LTX_STRUCT_LORA);
LTX_STRUCT_TYPE(ltx_quant_rule, LTX_STRUCT_QUANT_RULE);
LTX_STRUCT_TYPE(ltx_quant_options, LTX_STRUCT_QUANT_OPTIONS);
LTX_STRUCT_TYPE(ltx_component_residency, LTX_STRUCT_COMPONENT_RESIDENCY);
LTX_STRUCT_TYPE(ltx_pipeline_params, LTX_STRUCT_PIPELINE_PARAMS);
LTX_STRUCT_TYPE(ltx_guidance, LTX_STRUCT_GUIDANCE);
LTX_STRUCT_TYPE(ltx_tiling, LTX_STRUCT_TILING);
LTX_STRUCT_TYPE(ltx_video_buffer, LTX_STRUCT_VIDEO_BUFFER);
LTX_STRUCT_TYPE(ltx_audio_buffer, LTX_STRUCT_AUDIO_BUFFER);
LTX_STRUCT_TYPE(ltx_image_condition, LTX_STRUCT_IMAGE_CONDITION);
LTX_STRUCT_TYPE(ltx_video_condition, LTX_STRUCT_VIDEO_CONDITION);
LTX_STRUCT_TYPE(ltx_audio_condition, LTX_STRUCT_AUDIO_CONDITION);
LTX_STRUCT_TYPE(ltx_output, LTX_STRUCT_OUTPUT);
LTX_STRUCT_TYPE(ltx_request, LTX_STRUCT_REQUEST);
LTX_STRUCT_TYPE(ltx_progress, LTX_STRUCT_PROGRESS);
LTX_STRUCT_TYPE(ltx_event, LTX_STRUCT_EVENT);
LTX_STRUCT_TYPE(ltx_stats, LTX_STRUCT_STATS);
LTX_STRUCT_TYPE(ltx_memory_step, LTX_STRUCT_MEMORY_STEP);
LTX_STRUCT_TYPE(ltx_estimate, LTX_STRUCT_ESTIMATE);
LTX_STRUCT_TYPE(ltx_device_info, LTX_STRUCT_DEVICE_INFO);
LTX_STRUCT_TYPE(ltx_component_state, LTX_STRUCT_COMPONENT_STATE);
LTX_STRUCT_TYPE(ltx_convert_params, LTX_STRUCT_CONVERT_PARAMS);
#undef LTX_STRUCT_TYPE

}  // namespace ltx::api
