// The real backend: pipelines, weights, media and torch behind the interface that the C API knows.
#include "api/backend.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#ifdef LTX_WITH_CUDA
#include <ATen/cuda/CUDAContextLight.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#endif
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api_library/torch_failures.h"
#include "base/error.h"
#include "device/device.h"
#include "io/safetensors.h"
#include "media/module.h"
#include "pipelines/conversion.h"
#include "pipelines/factory.h"
#include "pipelines/quantization.h"
#include "weights/inspect.h"

namespace ltx::api {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// "2.11.0" out of at::show_config().
std::string loaded_torch_version() {
  const std::string config = at::show_config();
  constexpr std::string_view key = "TORCH_VERSION=";
  const size_t at = config.find(key);
  if (at == std::string::npos) return "unknown";
  const size_t from = at + key.size();
  return config.substr(from, config.find_first_of(", \n", from) - from);
}

std::string minor_of(const std::string& version) {
  const size_t first = version.find('.');
  return version.substr(0, first == std::string::npos ? first : version.find('.', first + 1));
}

/// The number of a line "Key:  123 kB" of /proc/meminfo, in bytes.
uint64_t memory_info(std::string_view key) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size(), nullptr, 10) * 1024;
  return 0;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "processor";
}

constexpr uint64_t bit(ltx_tensor_format format) {
  return uint64_t{1} << format;
}

DeviceInfo processor() {
  DeviceInfo info;
  info.name = processor_name();
  info.multiprocessor_count = static_cast<int32_t>(sysconf(_SC_NPROCESSORS_ONLN));
  info.total_bytes = memory_info("MemTotal:");
  info.free_bytes = memory_info("MemAvailable:");
  info.native_formats =
      bit(LTX_FORMAT_F32) | bit(LTX_FORMAT_BF16) | pipelines::native_formats(quant::ability_of(at::kCPU));
  return info;
}

#ifdef LTX_WITH_CUDA
DeviceInfo accelerator(int index, bool free_memory) {
  const cudaDeviceProp& properties = *at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(index));
  DeviceInfo info;
  info.type = engine::DeviceType::Cuda;
  info.index = index;
  info.name = properties.name;
  info.compute_capability = properties.major * 10 + properties.minor;
  info.multiprocessor_count = properties.multiProcessorCount;
  info.total_bytes = properties.totalGlobalMem;
  info.native_formats = bit(LTX_FORMAT_F32) | bit(LTX_FORMAT_F16);
  if (properties.major >= 8) info.native_formats |= bit(LTX_FORMAT_BF16);
  info.native_formats |=
      pipelines::native_formats(quant::ability_of({at::kCUDA, static_cast<c10::DeviceIndex>(index)}));
  if (free_memory) {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    size_t available = 0, total = 0;
    if (cudaMemGetInfo(&available, &total) == cudaSuccess)
      info.free_bytes = available;
    else
      cudaGetLastError();
  }
  return info;
}
#endif

/// Name, dtype and shape of every tensor of a file.
json list_tensors(const fs::path& path) {
  json list = json::array();
  const io::TensorFile file(path);
  for (const auto& [name, entry] : file.tensors())
    list.push_back({{"name", name}, {"dtype", entry.dtype}, {"shape", entry.shape}});
  return list;
}

/// For a file with an unquantized transformer: the least lossy policy on each device, where a third of its
/// memory stays for activations and the networks beside it.
void recommend(json& file, const std::vector<DeviceInfo>& devices) {
  if (file.contains("error") || !file["components"].contains("transformer")) return;
  const json& transformer = file["components"]["transformer"];
  if (!transformer["quantization"].empty()) return;  // taken as it is stored
  if (file.contains("quantization_error") || transformer.contains("quantization_error")) return;
  uint64_t bytes = transformer["bytes"].get<uint64_t>();
  if (transformer["dtypes"].size() == 1 && transformer["dtypes"].contains("F32")) bytes /= 2;  // held in bf16
  file["recommended"] = json::array();
  for (const auto& info : devices) {
    const bool cuda = info.type == engine::DeviceType::Cuda;
    const at::Device device =
        cuda ? at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(info.index)) : at::Device(at::kCPU);
    const auto choice = quant::recommended(quant::ability_of(device), info.total_bytes / 3 * 2, bytes);
    file["recommended"].push_back({{"device", device::describe(device)},
                                   {"name", info.name},
                                   {"total_bytes", info.total_bytes},
                                   {"policy", quant::name_of(choice.kind)},
                                   {"bytes", choice.bytes},
                                   {"fits", choice.fits}});
  }
}

class LibraryBackend final : public Backend {
 public:
  void check_environment() override {
    const std::string loaded = loaded_torch_version();
    if (minor_of(loaded) != minor_of(LTX_TORCH_VERSION))
      fail(
          Status::Environment,
          "libltx was built with LibTorch {}, but {} is loaded. Install torch {}.* or a libltx built for {}.",
          LTX_TORCH_VERSION, loaded, minor_of(LTX_TORCH_VERSION), minor_of(loaded));
  }

  std::unique_ptr<engine::Engine> make_engine(const engine::PipelineParams& params) override {
    return pipelines::make_engine(params);
  }

  void save_clip(const engine::Clip& clip, const engine::OutputOptions& options,
                 engine::Sink& sink) override {
    pipelines::save_clip(clip, options, sink);
  }

  void convert(const engine::ConvertParams& params, engine::Sink& sink) override {
    pipelines::convert(params, sink);
  }

  json inspect(const std::string& path) override {
    json report = weights::inspect(path);
    const auto all = devices(false);
    if (!report.contains("files")) {
      report["tensor_list"] = list_tensors(path);
      recommend(report, all);
      return report;
    }
    for (json& file : report["files"]) {
      if (!file.contains("error")) file["tensor_list"] = list_tensors(file["path"].get<std::string>());
      recommend(file, all);
    }
    return report;
  }

  json build_info() override {
    json report = {{"torch", LTX_TORCH_VERSION},
                   {"torch_loaded", loaded_torch_version()},
                   {"media", media::module_libraries()}};
#ifdef LTX_WITH_CUDA
    report["cuda"] = fmt::format("{}.{}", CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    report["cuda_architectures"] = LTX_CUDA_ARCHITECTURES;
#else
    report["cuda"] = nullptr;
#endif
    return report;
  }

  std::vector<DeviceInfo> devices(bool free_memory) override {
    std::vector<DeviceInfo> list;
#ifdef LTX_WITH_CUDA
    for (int i = 0; i < device::cuda_device_count(); ++i) list.push_back(accelerator(i, free_memory));
#else
    (void)free_memory;
#endif
    list.push_back(processor());
    return list;
  }

  void check_media() override {
    media::module();
  }

  std::unique_ptr<Scope> enter(Monitor& monitor) override {
    return std::make_unique<TorchWarnings>(monitor);
  }

  ExceptionTranslator translator() override {
    return translate_torch_failure;
  }
};

}  // namespace

std::unique_ptr<Backend> make_backend() {
  return std::make_unique<LibraryBackend>();
}

}  // namespace ltx::api
