#include "quant/footprint.h"

#include <algorithm>
#include <string_view>

#include "formats/gguf.h"
#include "quant/layer_sets.h"

namespace ltx::quant {
namespace {

using formats::Format;

constexpr std::string_view kWeight = ".weight", kBias = ".bias";

uint64_t round_up(uint64_t value, uint64_t step) {
  return (value + step - 1) / step * step;
}

/// Kept blocks may be counted from the end.
Policy resolved(const Policy& policy, const std::vector<StoredTensor>& tensors) {
  if (policy.target() != Target::Transformer || policy.options().keep_bf16_blocks.empty()) return policy;
  int64_t depth = 0;
  for (const auto& tensor : tensors)
    if (tensor.name.ends_with(kWeight))
      if (const auto block =
              block_layer(canonical_name(tensor.name.substr(0, tensor.name.size() - kWeight.size()))))
        depth = std::max(depth, block->block + 1);
  return depth > 0 ? policy.for_depth(depth) : policy;
}

}  // namespace

uint64_t encoded_bytes(const formats::Encoding& encoding, int64_t rows, int64_t columns) {
  const auto n = static_cast<uint64_t>(rows), k = static_cast<uint64_t>(columns);
  const auto blocks = [](uint64_t value, uint64_t block) { return round_up(value, block) / block; };
  switch (encoding.format) {
    case Format::Unquantized:
      return 2 * n * k;
    case Format::Fp8Unscaled:
      return n * k;
    case Format::Fp8PerTensor:
      return n * k + 4;
    case Format::Fp8PerRow:
    case Format::Int8:
      return n * k + 4 * n;
    case Format::Mxfp8:
      return n * round_up(k, 32) + n * blocks(k, 32);
    case Format::Fp8Block128:
      return n * k + 4 * blocks(n, 128) * blocks(k, 128);
    case Format::Fp6Block128:
      return n * k / 4 * 3 + 4 * blocks(n, 128) * blocks(k, 128);
    case Format::Nvfp4:
      return n * k / 2 + n * blocks(k, 16) + 4;
    case Format::Int4: {
      const auto groups = n * blocks(k, static_cast<uint64_t>(encoding.group_size));
      return n * k / 2 + (encoding.symmetric ? 2 : 4) * groups;
    }
    case Format::Nf4:
      return round_up(n * k, 2) / 2 + 4 * blocks(n * k, 64) + 16 * 4;
    default:
      return n * static_cast<uint64_t>(formats::gguf_row_bytes(formats::gguf_type(encoding.format), columns));
  }
}

Footprint footprint(const Policy& given, const DeviceAbility& device,
                    const std::vector<StoredTensor>& tensors) {
  const auto policy = resolved(given, tensors);
  Layer layer;
  layer.file_quantized = std::any_of(tensors.begin(), tensors.end(), [&](const StoredTensor& tensor) {
    return tensor.stored != Format::Unquantized &&
           (policy.target() != Target::Transformer || block_layer(canonical_name(tensor.name)));
  });
  Footprint total;
  const auto decide = [&](const StoredTensor& weight) {
    layer.name = weight.name.substr(0, weight.name.size() - kWeight.size());
    layer.rows = weight.shape[0];
    layer.columns = 1;
    for (size_t i = 1; i < weight.shape.size(); ++i) layer.columns *= weight.shape[i];
    layer.kernel = weight.shape.size() > 2 ? layer.columns / std::max<int64_t>(weight.shape[1], 1) : 0;
    layer.stored = weight.stored;
    return policy.decide(layer, device);
  };
  std::vector<std::string> cast;  // layers whose bias fp8-cast stores in fp8
  for (const auto& tensor : tensors) {
    if (!tensor.name.ends_with(kWeight) || tensor.shape.size() < 2) continue;
    const auto decision = decide(tensor);
    const auto format = decision.encoding.format;
    if (decision.keep_stored)
      total.bytes += tensor.bytes;
    else if (format != Format::Unquantized || tensor.stored != Format::Unquantized)
      total.bytes += encoded_bytes(decision.encoding, layer.rows, layer.columns);
    else
      total.bytes += tensor.bytes;
    if (format == Format::Unquantized) continue;
    ++total.quantized;
    total.quantized_weights += static_cast<uint64_t>(layer.rows * layer.columns);
    if (decision.kind == Kind::Fp8Cast && policy.kind() == Kind::Fp8Cast) cast.push_back(layer.name);
  }
  std::sort(cast.begin(), cast.end());
  for (const auto& tensor : tensors) {
    if (tensor.name.ends_with(kWeight) && tensor.shape.size() >= 2) continue;
    const bool bias = tensor.name.ends_with(kBias) &&
                      std::binary_search(cast.begin(), cast.end(),
                                         tensor.name.substr(0, tensor.name.size() - kBias.size()));
    total.bytes += bias ? static_cast<uint64_t>(tensor.shape[0]) : tensor.bytes;
  }
  return total;
}

}  // namespace ltx::quant
