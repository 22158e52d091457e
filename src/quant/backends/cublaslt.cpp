#include "quant/backends/cublaslt.h"

#include <ATen/cuda/CUDAContextLight.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cublasLt.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <tuple>

#include "base/error.h"

namespace ltx::quant::cublaslt {
namespace {

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS)
    fail(Status::Device, "cuBLASLt: {} failed with status {}. Check the driver and the device.", what,
         static_cast<int>(status));
}

cudaDataType_t data_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat8_e4m3fn:
      return CUDA_R_8F_E4M3;
    case at::kFloat8_e5m2:
      return CUDA_R_8F_E5M2;
    case at::kByte:
      return CUDA_R_4F_E2M1;
    case at::kChar:
      return CUDA_R_8I;
    case at::kInt:
      return CUDA_R_32I;
    case at::kFloat:
      return CUDA_R_32F;
    case at::kHalf:
      return CUDA_R_16F;
    default:
      return CUDA_R_16BF;
  }
}

/// 32 MiB, or LTX_NVFP4_WORKSPACE_MB for products of e2m1 codes (spec 08 §12.4).
size_t workspace_bytes(bool e2m1) {
  constexpr size_t kMiB = size_t{1} << 20;
  size_t megabytes = 32;
  if (const char* text = e2m1 ? std::getenv("LTX_NVFP4_WORKSPACE_MB") : nullptr) {
    const std::string_view digits(text);
    size_t value = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || value == 0 || value > 65536)
      fail(Status::InvalidArgument,
           "LTX_NVFP4_WORKSPACE_MB is '{}'. Set it to a positive whole number of megabytes or unset it.",
           text);
    megabytes = value;
  }
  return megabytes * kMiB;
}

struct Layout {
  cublasLtMatrixLayoutOpaque_t opaque;
  Layout(cudaDataType_t type, int64_t rows, int64_t columns) {
    check(cublasLtMatrixLayoutInit(&opaque, type, static_cast<uint64_t>(rows), static_cast<uint64_t>(columns),
                                   rows),
          "a matrix layout");
  }
};

/// What is decided once for a kind of product: everything but the pointers.
struct Plan {
  Layout a, b, d;
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace = 0;
};

template <class T>
void set(cublasLtMatmulDescOpaque_t& operation, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check(cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof value), "an attribute");
}

/// Column-major D' = Aᵀ·B with A = weight [K, N], B = x [K, M], D' = [N, M]: row-major tensors as they lie.
struct Shape {
  int64_t m, n, k;
};

Shape shape_of(const Product& p) {
  const int64_t per_byte = p.weight.codes.scalar_type() == at::kByte ? 2 : 1;
  return {p.x.codes.size(0), p.weight.codes.size(0), p.weight.codes.size(1) * per_byte};
}

cublasLtMatmulDescOpaque_t operation_of(const Product& p, bool fast_accum) {
  const bool integer = p.output == at::kInt;
  cublasLtMatmulDescOpaque_t operation;
  check(cublasLtMatmulDescInit(&operation, integer ? CUBLAS_COMPUTE_32I : CUBLAS_COMPUTE_32F,
                               integer ? CUDA_R_32I : CUDA_R_32F),
        "an operation");
  set(operation, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  if (p.weight.scaling != Scaling::Scalar)
    set(operation, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, static_cast<int32_t>(p.weight.scaling));
  if (p.x.scaling != Scaling::Scalar)
    set(operation, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, static_cast<int32_t>(p.x.scaling));
  if (fast_accum) set(operation, CUBLASLT_MATMUL_DESC_FAST_ACCUM, int8_t{1});
  if (p.alpha.defined())
    set(operation, CUBLASLT_MATMUL_DESC_POINTER_MODE, static_cast<int32_t>(CUBLASLT_POINTER_MODE_DEVICE));
  if (p.bias.defined()) {
    set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE,
        static_cast<int32_t>(data_type(p.bias.scalar_type())));
  }
  return operation;
}

void bind(cublasLtMatmulDescOpaque_t& operation, const Product& p) {
  if (p.weight.scale.defined())
    set(operation, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, p.weight.scale.const_data_ptr());
  if (p.x.scale.defined()) set(operation, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, p.x.scale.const_data_ptr());
  if (p.bias.defined()) set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias.const_data_ptr());
}

std::shared_ptr<const Plan> make_plan(cublasLtHandle_t handle, const Product& p, bool fast_accum) {
  const auto [m, n, k] = shape_of(p);
  const auto output = data_type(p.output);
  auto plan = std::make_shared<Plan>(Plan{Layout(data_type(p.weight.codes.scalar_type()), k, n),
                                          Layout(data_type(p.x.codes.scalar_type()), k, m),
                                          Layout(output, n, m),
                                          operation_of(p, fast_accum),
                                          {},
                                          0});
  cublasLtMatmulPreferenceOpaque_t preference;
  check(cublasLtMatmulPreferenceInit(&preference), "a preference");
  const size_t workspace = workspace_bytes(p.weight.codes.scalar_type() == at::kByte);
  check(cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &workspace, sizeof workspace),
        "the workspace size");
  auto bound = plan->operation;  // some heuristics look at the pointers
  bind(bound, p);
  std::array<cublasLtMatmulHeuristicResult_t, 8> found{};
  int count = 0;
  const auto status = cublasLtMatmulAlgoGetHeuristic(handle, &bound, &plan->a.opaque, &plan->b.opaque,
                                                     &plan->d.opaque, &plan->d.opaque, &preference,
                                                     static_cast<int>(found.size()), found.data(), &count);
  if (status != CUBLAS_STATUS_SUCCESS) return nullptr;
  for (int i = 0; i < count; ++i) {
    if (found[i].state != CUBLAS_STATUS_SUCCESS) continue;
    plan->algorithm = found[i].algo;
    plan->workspace = found[i].workspaceSize;
    return plan;
  }
  return nullptr;
}

/// Plans of the process, as many as there are shapes. A plan that could not be made is remembered as null.
class Plans {
 public:
  std::shared_ptr<const Plan> find(cublasLtHandle_t handle, const Product& p, bool fast_accum) {
    const auto [m, n, k] = shape_of(p);
    const Key key{p.x.codes.get_device(),
                  m,
                  n,
                  k,
                  static_cast<int>(p.weight.codes.scalar_type()),
                  static_cast<int>(p.x.codes.scalar_type()),
                  static_cast<int>(p.output),
                  static_cast<int>(p.weight.scaling),
                  static_cast<int>(p.x.scaling),
                  (p.bias.defined() ? 1 : 0) | (p.alpha.defined() ? 2 : 0) | (fast_accum ? 4 : 0)};
    const std::lock_guard lock(mutex_);
    if (const auto known = plans_.find(key); known != plans_.end()) return known->second;
    return plans_[key] = make_plan(handle, p, fast_accum);
  }

 private:
  using Key = std::tuple<int, int64_t, int64_t, int64_t, int, int, int, int, int, int>;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const Plan>> plans_;
};

Plans& plans() {
  static Plans all;
  return all;
}

/// `plan` is a copy of its own: other threads may use the same.
bool run(cublasLtHandle_t handle, Plan plan, const Product& p, at::Tensor& d) {
  bind(plan.operation, p);
  const auto workspace = at::empty({static_cast<int64_t>(plan.workspace)}, d.options().dtype(at::kByte));
  const float one = 1, zero = 0;
  const int32_t one_integer = 1, zero_integer = 0;
  const void* alpha = p.output == at::kInt ? static_cast<const void*>(&one_integer) : &one;
  const void* beta = p.output == at::kInt ? static_cast<const void*>(&zero_integer) : &zero;
  at::Tensor device_zero;
  if (p.alpha.defined()) {
    device_zero = at::zeros({}, p.alpha.options());
    alpha = p.alpha.const_data_ptr();
    beta = device_zero.const_data_ptr();
  }
  const auto status =
      cublasLtMatmul(handle, &plan.operation, alpha, p.weight.codes.const_data_ptr(), &plan.a.opaque,
                     p.x.codes.const_data_ptr(), &plan.b.opaque, beta, d.data_ptr(), &plan.d.opaque,
                     d.data_ptr(), &plan.d.opaque, &plan.algorithm, workspace.data_ptr(), plan.workspace,
                     c10::cuda::getCurrentCUDAStream());
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return false;
  check(status, "a product");
  return true;
}

}  // namespace

std::optional<at::Tensor> multiply(const Product& product) {
  const c10::cuda::CUDAGuard guard(product.x.codes.device());
  const auto handle = at::cuda::getCurrentCUDABlasLtHandle();
  const auto [m, n, k] = shape_of(product);
  auto d = at::empty({m, n}, product.x.codes.options().dtype(product.output));
  // Version 12.9 refuses some long rows with fast accumulation only (spec 08 §7).
  for (const bool fast_accum : {true, false}) {
    if (fast_accum && !product.fast_accum) continue;
    const auto plan = plans().find(handle, product, fast_accum);
    if (plan && run(handle, *plan, product, d)) return d;
  }
  return std::nullopt;
}

}  // namespace ltx::quant::cublaslt
