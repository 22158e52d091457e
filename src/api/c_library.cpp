// Exported functions: the library itself, enumerations, devices, reports. Every body is a guard around one
// thought.
#include <algorithm>
#include <cstring>
#include <string>

#include "api/backend.h"
#include "api/enum_names.h"
#include "api/from_c.h"
#include "api/handles.h"
#include "api/job.h"
#include "api/structs.h"
#include "engine/rules.h"
#include "ltx_c.h"

namespace ltx::api {
namespace {

std::string with_schema(nlohmann::json report) {
  report["schema"] = 1;
  return report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

[[noreturn]] void not_built(const char* what, const char* value) {
  fail(Status::NotBuilt, "{} '{}' is not part of this build of the library. ltx_build_info() says what is.",
       what, value);
}

void check_device(int32_t type, int32_t index) {
  const auto wanted = static_cast<engine::DeviceType>(type);
  if (wanted == engine::DeviceType::Auto) return;
  const std::vector<DeviceInfo> devices = backend().devices(false);
  for (const DeviceInfo& device : devices)
    if (device.type == wanted && (wanted == engine::DeviceType::Cpu || device.index == index)) return;
  fail(Status::NoDevice, "{}:{} was asked for; found {} CUDA devices. Use another index or the CPU.",
       enum_name(LTX_ENUM_DEVICE, type), index, devices.size() - 1);
}

void check_supported(ltx_capability capability, int32_t value) {
  switch (capability) {
    case LTX_CAPABILITY_PIPELINE:
      check_enum(LTX_ENUM_PIPELINE, value, "value");
      if (!engine::is_built(static_cast<engine::PipelineKind>(value)))
        not_built("the recipe", enum_name(LTX_ENUM_PIPELINE, value));
      return;
    case LTX_CAPABILITY_QUANT:
      check_enum(LTX_ENUM_QUANT, value, "value");
      return;
    case LTX_CAPABILITY_FORMAT:
      check_enum(LTX_ENUM_FORMAT, value, "value");
      return;
    case LTX_CAPABILITY_MEDIA_READ:
    case LTX_CAPABILITY_MEDIA_WRITE:
      return backend().check_media();
    case LTX_CAPABILITY_PREVIEW:
      check_enum(LTX_ENUM_PREVIEW, value, "value");
      if (value != LTX_PREVIEW_NONE) not_built("the preview", enum_name(LTX_ENUM_PREVIEW, value));
      return;
    case LTX_CAPABILITY_ENHANCER:
      return;
    case LTX_CAPABILITY_EXR:
    case LTX_CAPABILITY_HLG:
      not_built("the capability", enum_name(LTX_ENUM_CAPABILITY, capability));
    default:
      check_enum(LTX_ENUM_CAPABILITY, capability, "capability");
  }
}

}  // namespace
}  // namespace ltx::api

using namespace ltx::api;

uint32_t ltx_version(void) noexcept {
  return LTX_VERSION;
}

#define LTX_TEXT(value) #value
#define LTX_JOINED(major, minor, patch) LTX_TEXT(major) "." LTX_TEXT(minor) "." LTX_TEXT(patch)
const char* ltx_version_string(void) noexcept {
  return LTX_JOINED(LTX_VERSION_MAJOR, LTX_VERSION_MINOR, LTX_VERSION_PATCH);
}
#undef LTX_JOINED
#undef LTX_TEXT

const char* ltx_build_info(void) noexcept {
  const char* text = "{}";
  guard([&] {
    static const std::string* info = [] {
      nlohmann::json report = backend().build_info();
      report["version"] = ltx_version_string();
      report["abi"] = LTX_ABI_VERSION;
      return new std::string(with_schema(std::move(report)));
    }();
    text = info->c_str();
  });
  return text;
}

ltx_status ltx_init(ltx_struct type, void* object, size_t size) noexcept {
  return guard([&] { init_struct(type, object, size); });
}

void ltx_free(void* handle) noexcept {
  auto [type, object] = HandleTable::instance().remove(handle);
  if (type == HandleType::Job) std::static_pointer_cast<Job>(object)->abandon();
}

const char* ltx_last_error(void) noexcept {
  return last_error();
}

const char* ltx_status_name(ltx_status status) noexcept {
  return status_name(status);
}

const char* ltx_enum_name(ltx_enum type, int32_t value) noexcept {
  return enum_name(type, value);
}

ltx_status ltx_enum_parse(ltx_enum type, const char* text, int32_t* out_value) noexcept {
  return guard([&] {
    int32_t& out = receive(out_value, "out_value");
    out = parse_enum(type, text);
  });
}

ltx_status ltx_supports(ltx_capability capability, int32_t value, ltx_device_type device_type,
                        int32_t device_index) noexcept {
  return guard([&] {
    check_enum(LTX_ENUM_DEVICE, device_type, "device_type");
    check_supported(capability, value);
    check_device(device_type, device_index);
  });
}

ltx_status ltx_device_count(int32_t* out_count) noexcept {
  return guard([&] {
    int32_t& out = receive(out_count, "out_count");
    out = static_cast<int32_t>(backend().devices(false).size());
  });
}

ltx_status ltx_device_get(int32_t ordinal, ltx_device_info* out_device) noexcept {
  return guard([&] {
    Out<ltx_device_info> out(out_device, "out_device");
    const std::vector<DeviceInfo> devices = backend().devices(true);
    if (ordinal < 0 || ordinal >= static_cast<int32_t>(devices.size()))
      fail(ltx::Status::InvalidArgument, "ordinal is {}. Allowed: 0 to {}.", ordinal, devices.size() - 1);
    const DeviceInfo& device = devices[static_cast<size_t>(ordinal)];
    ltx_device_info info = make<ltx_device_info>();
    info.type = static_cast<ltx_device_type>(device.type);
    info.index = device.index;
    info.compute_capability = device.compute_capability;
    info.multiprocessor_count = device.multiprocessor_count;
    info.total_bytes = device.total_bytes;
    info.free_bytes = device.free_bytes;
    info.native_formats = device.native_formats;
    device.name.copy(info.name, sizeof info.name - 1);
    out.write(info);
  });
}

ltx_status ltx_inspect(const char* path, ltx_info** out_info) noexcept {
  return guard([&] {
    ltx_info*& out = receive(out_info, "out_info");
    const std::string name = text_from(path, "path");
    auto info = std::make_shared<Info>(with_schema(backend().inspect(name)));
    out = static_cast<ltx_info*>(HandleTable::instance().insert(std::move(info)));
  });
}

const char* ltx_info_json(const ltx_info* info) noexcept {
  const char* text = nullptr;
  guard([&] { text = HandleTable::instance().get<Info>(info)->json.c_str(); });
  return text;
}
