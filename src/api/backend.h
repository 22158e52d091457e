// What the C API needs of everything below it, so that it can be built and tested without: the library links
// the real one, the tests a toy.
#pragma once
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/guard.h"
#include "engine/engine.h"

namespace ltx::api {

struct DeviceInfo {
  engine::DeviceType type = engine::DeviceType::Cpu;
  int32_t index = 0;
  int32_t compute_capability = 0, multiprocessor_count = 0;
  uint64_t total_bytes = 0, free_bytes = 0, native_formats = 0;
  std::string name;
};

class Backend {
 public:
  virtual ~Backend() = default;

  /// Throws Environment if the libraries found at run time are not those that this one was built with. Called
  /// before anything else, once it has succeeded no more.
  virtual void check_environment() {}

  virtual std::unique_ptr<engine::Engine> make_engine(const engine::PipelineParams& params) = 0;
  virtual void save_clip(const engine::Clip& clip, const engine::OutputOptions& options,
                         engine::Sink& sink) = 0;

  virtual void convert(const engine::ConvertParams& params, engine::Sink& sink) = 0;

  /// JSON objects without the member "schema".
  virtual nlohmann::json inspect(const std::string& path) = 0;
  virtual nlohmann::json build_info() = 0;

  /// CUDA devices, then the CPU. Asking for the free memory makes a context on each device.
  virtual std::vector<DeviceInfo> devices(bool free_memory) = 0;
  /// Throws if media files cannot be read or written.
  virtual void check_media() = 0;

  /// Lives on the working thread around a call: warnings of other libraries become log lines of `monitor`.
  class Scope {
   public:
    virtual ~Scope() = default;
  };
  virtual std::unique_ptr<Scope> enter(Monitor&) { return nullptr; }

  virtual ExceptionTranslator translator() { return nullptr; }
};

/// Defined by whoever links this room: library/backend.cpp, or a test.
std::unique_ptr<Backend> make_backend();

/// The process's backend, made at the first call and never destroyed; checks the environment first.
Backend& backend();

}  // namespace ltx::api
