#include "quant/backends/back_end.h"

namespace ltx::quant {
namespace {

class Plain : public BackEnd {
 public:
  explicit Plain(LinearParts parts) : weight_(std::move(parts.weight.codes)), bias_(std::move(parts.bias)) {}

  at::Tensor multiply(const at::Tensor& x) const override {
    return at::linear(x, weight_, bias_.defined() ? std::optional<at::Tensor>(bias_) : std::nullopt);
  }
  std::string_view name() const override { return "plain"; }

 private:
  at::Tensor weight_, bias_;
};

}  // namespace

BackEndPtr make_plain(LinearParts parts) {
  return std::make_shared<Plain>(std::move(parts));
}

}  // namespace ltx::quant
