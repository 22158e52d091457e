#include "api_library/torch_failures.h"

#ifdef LTX_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

#include <string_view>

namespace ltx::api {
namespace {

std::string first_line(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
}

/// After a sticky error every call of the runtime fails.
bool device_is_lost() {
#ifdef LTX_WITH_CUDA
  cudaGetLastError();
  return cudaDeviceSynchronize() != cudaSuccess;
#else
  return false;
#endif
}

}  // namespace

bool translate_torch_failure(Failure& failure) {
  try {
    throw;
  } catch (const c10::OutOfMemoryError& error) {
    failure = {Status::OutOfDeviceMemory,
               first_line(error) + " Ask for a smaller clip, use memory mode cold, or free other pipelines."};
  } catch (const c10::Error& error) {
    const std::string text = first_line(error);
    const std::string_view view(text);
    if (view.find("DefaultCPUAllocator") != view.npos || view.find("alloc_cpu") != view.npos)
      failure = {Status::OutOfHostMemory,
                 text + " Ask for a smaller clip, or free other pipelines and results."};
    else if (view.find("CUDA error") != view.npos && device_is_lost())
      failure = {Status::DeviceLost, text + " Restart the process: its CUDA context cannot be used again."};
    else if (view.find("CUDA") != view.npos || view.find("CUBLAS") != view.npos ||
             view.find("cublas") != view.npos)
      failure = {Status::Device, text + " Check the device with nvidia-smi, or use the CPU."};
    else
      failure = {Status::Internal, text + " Please report this text."};
  } catch (...) {
    return false;
  }
  return true;
}

}  // namespace ltx::api
