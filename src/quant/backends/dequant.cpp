#include "quant/backends/back_end.h"
#include "quant/backends/scheme.h"

namespace ltx::quant {
namespace {

class Dequant : public RowsBackEnd {
 public:
  explicit Dequant(LinearParts parts)
      : RowsBackEnd(parts.weight.columns, parts.weight.rows), parts_(std::move(parts)) {}

  std::string_view name() const override { return "dequant"; }

 protected:
  at::ScalarType output_dtype(at::ScalarType input) const override {
    return yields_bf16(parts_.kind) ? at::kBFloat16 : input;
  }

  at::Tensor rows(const at::Tensor& raw) const override {
    const auto dtype = output_dtype(raw.scalar_type());
    const auto x = prescaled(parts_, raw).to(dtype);
    if (parts_.reference && parts_.kind == Kind::Int8 && parts_.weight.rotation == 0)
      return int8_in_three_roundings(x);
    // With fp32 activations the same bf16-rounded weight, widened (spec 08 §8).
    const auto weight = formats::decode(parts_.weight, at::kBFloat16).to(dtype);
    const auto bias = bias_as(parts_, dtype);
    if (parts_.reference && parts_.kind == Kind::Fp8WeightOnly && bias.defined())
      return at::linear(x, weight) + bias;
    return at::linear(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
  }

 private:
  /// [R] of spec 08 §9.1: rounded after the product, after the scale and after the bias.
  at::Tensor int8_in_three_roundings(const at::Tensor& x) const {
    const auto dtype = x.scalar_type();
    const auto scaled = at::linear(x, parts_.weight.codes.to(dtype)) * parts_.weight.scale.to(dtype);
    return parts_.bias.defined() ? scaled + bias_as(parts_, dtype) : scaled;
  }

  LinearParts parts_;
};

}  // namespace

BackEndPtr make_dequant(LinearParts parts) {
  return std::make_shared<Dequant>(std::move(parts));
}

}  // namespace ltx::quant
