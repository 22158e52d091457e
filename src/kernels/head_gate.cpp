#include "kernels/head_gate.h"

#include "kernels/launch.h"

namespace ltx::kernels {

void head_gate_(at::Tensor& o, const at::Tensor& logits) {
  HeadGateArguments a;
  a.element = element_of(o);
  a.heads = logits.size(-1);
  a.head_dim = o.size(-1) / a.heads;
  a.rows = o.numel() / o.size(-1);
  a.o = o.data_ptr();
  a.logits = logits.const_data_ptr();
  LTX_LAUNCH(head_gate, a, o, o.size(-1));
}

}  // namespace ltx::kernels
