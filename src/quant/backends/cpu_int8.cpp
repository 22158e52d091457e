// int8 × int8 on a CPU through oneDNN, whose operators LibTorch keeps behind its dispatcher. They want
// unsigned activations: codes are shifted by 128, and the zero point takes the shift out again in int32.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>

#include "quant/backends/back_end.h"
#include "quant/backends/scheme.h"

namespace ltx::quant {
namespace {

/// The operators, as far as this LibTorch has them.
struct Operators {
  std::optional<c10::OperatorHandle> prepack, multiply;

  Operators() {
    auto& dispatcher = c10::Dispatcher::singleton();
    prepack = dispatcher.findSchema({"onednn::qlinear_prepack", ""});
    multiply = dispatcher.findSchema({"onednn::qlinear_pointwise", ""});
  }
  bool complete() const { return prepack && multiply; }
};

const Operators& operators() {
  static const Operators found;
  return found;
}

/// Calls by boxed values: the C++ signature behind the operator is not part of LibTorch's interface.
at::Tensor call(const c10::OperatorHandle& operation, std::vector<c10::IValue> arguments) {
  operation.callBoxed(&arguments);
  return arguments.at(0).toTensor();
}

class CpuInt8 : public RowsBackEnd {
 public:
  CpuInt8(const LinearParts& parts, at::Tensor packed)
      : RowsBackEnd(parts.weight.columns, parts.weight.rows), parts_(parts), packed_(std::move(packed)) {
    const auto n = parts.weight.rows;
    scale_ = parts.weight.scale.expand({n}).contiguous();
    ones_ = parts.reference ? at::ones({n}) : scale_;
    zero_points_ = at::zeros({n}, at::kInt);
    bias_ = bias_as(parts, at::kFloat);
    if (!bias_.defined()) bias_ = at::zeros({n});
    parts_.weight.codes = at::Tensor();  // the packed form replaces it
  }

  std::string_view name() const override { return "cpu-int8"; }

 protected:
  at::Tensor rows(const at::Tensor& raw) const override {
    const auto x = prescaled(parts_, raw);
    const auto q = int8_activations(parts_, x, true);
    const auto scale = q.scale.reshape({-1, 1});
    const auto m = x.size(0), n = parts_.weight.rows;
    auto y = at::empty({m, n}, x.options());
    // Pieces whose fp32 sums stay in the cache until they are rounded.
    constexpr int64_t kSumsInCache = 384 * 1024;
    const int64_t step = std::max<int64_t>(128, kSumsInCache / n);
    for (int64_t begin = 0; begin < m; begin += step) {
      const int64_t end = std::min(begin + step, m);
      finish(y.slice(0, begin, end), sums(q.codes.slice(0, begin, end)), scale.slice(0, begin, end));
    }
    return y;
  }

 private:
  /// Σ of the integer products in F32, [L]: times the weight's scale.
  at::Tensor sums(const at::Tensor& codes) const {
    static const c10::List<std::optional<at::Scalar>> no_arguments;
    return call(*operators().multiply,
                {codes, 1.0, int64_t{128}, packed_, parts_.reference ? ones_ : scale_, zero_points_,
                 c10::IValue(), 1.0, int64_t{0}, at::kFloat, "none", no_arguments, ""});
  }

  /// Scales and bias as make_emulate() has them (spec 08 §9.2, §9.3).
  void finish(at::Tensor y, at::Tensor sum, const at::Tensor& scale) const {
    if (!parts_.reference) {
      y.copy_(at::addcmul_out(sum, bias_, sum, scale));
    } else if (parts_.weight.rotation > 0) {
      y.copy_(sum.mul_(scale * scale_));
      y.add_(bias_.to(y.scalar_type()));
    } else {
      const auto rounded = sum.mul_(scale).to(y.scalar_type()).to(at::kFloat);
      y.copy_(at::addcmul(bias_, rounded, scale_));
    }
  }

  LinearParts parts_;
  at::Tensor packed_, scale_, ones_, zero_points_, bias_;
};

}  // namespace

bool cpu_has_int8() {
  // Without the dot-product instructions oneDNN adds pairs of products in 16 bits, which overflow.
  return at::cpu::is_avx512_vnni_supported() && operators().complete();
}

BackEndPtr make_cpu_int8(const LinearParts& parts) {
  const auto& weight = parts.weight;
  const bool shape = weight.columns % 16 == 0 && weight.rows % 8 == 0;  // spec 08 §2.3
  if (parts.kind != Kind::Int8Dynamic || weight.format != formats::Format::Int8 || !shape || !cpu_has_int8())
    return nullptr;
  auto packed = call(*operators().prepack, {weight.codes, c10::IValue()});
  return std::make_shared<CpuInt8>(parts, std::move(packed));
}

}  // namespace ltx::quant
