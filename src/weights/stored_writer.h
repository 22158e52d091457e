// A weight in a number format as the tensors of its published layout (spec 08 §6.1, §9–§13, §16, §17): the
// inverse of what reads them.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors_writer.h"
#include "weights/stored_layers.h"

namespace ltx::weights {

/// What the layout of a weight [N, K] depends on; known before there are codes.
struct StoredLook {
  formats::Format format = formats::Format::Unquantized;
  int64_t rows = 0, columns = 0;
  bool e5m2 = false;          // Fp8Unscaled, Fp8PerTensor
  int64_t group_size = 0;     // Int4
  bool symmetric = false;     // Int4
  bool scale_per_row = true;  // Int8
  int64_t rotation = 0;       // Int8
  int64_t nf4_block = 64;
  bool input_scale = false;
  std::string pre_quant_scale;  // its dtype; "": none
  bool full_precision_matmul = false;

  bool operator==(const StoredLook&) const = default;
};

StoredLook look_of(const StoredMatrix& stored);
/// The same from the header of the file alone.
StoredLook look_of(const StoredLayers& layers, const StoredLayer& layer);
/// Of a matrix that is still to be encoded.
StoredLook look_of(const formats::Encoding& encoding, int64_t rows, int64_t columns);

/// The tensors of a layer, `layer` being its name in the file without ".weight". Throws Quant for formats
/// that only another container holds (GGUF) and for Unquantized.
std::vector<io::TensorDeclaration> declare_stored(const std::string& layer, const StoredLook& look);

struct NamedTensor {
  std::string name;
  at::Tensor tensor;  // CPU, contiguous
};
/// The same tensors with their values, in the same order.
std::vector<NamedTensor> stored_tensors(const std::string& layer, const StoredMatrix& stored);

/// The layer's entry of `_quantization_metadata`: ComfyUI's name of the format where it has one, else ours
/// (§17.1). Null for unscaled fp8, which readers tell from the dtype alone.
nlohmann::json quantization_entry(const StoredLook& look);

}  // namespace ltx::weights
