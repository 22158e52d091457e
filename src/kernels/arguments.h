// What the fused operations work on, as plain memory: shared by the CPU rows and the CUDA kernels, which see
// no tensor types.
//
// Rounding: every intermediate value that an unfused chain of operators would have stored is rounded to the
// element type here too (spec 02 §11), so that fusing changes no result beyond the order of a sum.
#pragma once
#include <cstdint>

namespace ltx::kernels {

enum class Element : int32_t { Float, BFloat16 };

/// The vector of token n begins `stride · index[n]` elements after `base`; without an index it is the same
/// for all.
struct RowSource {
  const void* base = nullptr;
  int64_t stride = 0;
  const int32_t* index = nullptr;
};

/// x ← x + y · gate (y, gate optional); n = x · rsqrt(mean x² + eps); out_i = n · (1 + scale_i) + shift_i, or
/// n without a scale.
struct ResidualNormArguments {
  struct Out {
    void* out = nullptr;  // [rows, width]
    RowSource scale, shift;
  };
  Element element = Element::Float;
  int64_t rows = 0, width = 0;
  float eps = 0;
  void* x = nullptr;        // [rows, width]
  const void* y = nullptr;  // [rows, width]
  RowSource gate;
  Out outs[2];
  int32_t out_count = 0;
};

/// out = x · (1 + scale) + shift
struct ModulateArguments {
  Element element = Element::Float;
  int64_t rows = 0, width = 0;
  const void* x = nullptr;
  void* out = nullptr;
  RowSource scale, shift;
};

/// x ← rope(x · rsqrt(mean x² + eps) · weight); split pairs; without a rotation if cos is null.
struct NormRopeArguments {
  Element element = Element::Float;
  int64_t rows = 0, width = 0, heads = 1;
  float eps = 0;
  void* x = nullptr;             // [rows, width]
  const void* weight = nullptr;  // [width]
  const void *cos = nullptr,
             *sin = nullptr;  // [table_rows, width / 2]; row n uses table row n mod table_rows
  int64_t table_rows = 1;
};

/// o ← o · 2 sigmoid(logits), one logit per row and head.
struct HeadGateArguments {
  Element element = Element::Float;
  int64_t rows = 0, heads = 1, head_dim = 0;
  void* o = nullptr;             // [rows, heads · head_dim]
  const void* logits = nullptr;  // [rows, heads]
};

/// x ← GELU(x), tanh approximation.
struct GeluArguments {
  Element element = Element::Float;
  int64_t rows = 0, width = 0;
  void* x = nullptr;  // [rows, width]
};

}  // namespace ltx::kernels
