#include "kernels/head_gate.h"

#include "base/error.h"
#include "kernels/launch.h"

namespace ltx::kernels {

void head_gate_(at::Tensor& o, const at::Tensor& logits) {
  if (logits.scalar_type() != o.scalar_type() || logits.device() != o.device() || !logits.is_contiguous() ||
      logits.size(-1) == 0 || o.size(-1) % logits.size(-1) != 0 ||
      logits.numel() * o.size(-1) != o.numel() * logits.size(-1)) {
    fail(Status::Internal, "{} gates of another dtype or shape do not fit tokens of width {}. Report this.",
         logits.size(-1), o.size(-1));
  }
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
