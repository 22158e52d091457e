// Any bytes, read as a component with quantized layers: as a safetensors file, and as tensors put together
// from parts that make sense one by one. The result is weights of the announced shapes or an Error of a
// documented status; nothing else, and no byte outside the tensors.
#include <fuzzer/FuzzedDataProvider.h>

#include <ATen/Parallel.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/safetensors.h"
#include "weights/quantized_store.h"

namespace {

using namespace ltx;
using formats::Format;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_shape(const at::Tensor& tensor, at::IntArrayRef shape, at::ScalarType type) {
  require(tensor.defined() && tensor.sizes() == shape && tensor.scalar_type() == type &&
          tensor.is_contiguous());
}

/// The table of formats/matrix.h.
void check(const formats::Matrix& m) {
  const auto n = m.rows, k = m.columns;
  const auto up = [](int64_t value, int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
  };
  require(n > 0 && k > 0);
  switch (m.format) {
    case Format::Fp8Unscaled:
    case Format::Fp8PerTensor:
      require_shape(m.codes, {n, k}, m.codes.scalar_type());
      require(m.format == Format::Fp8Unscaled || m.scale.dim() == 0);
      return;
    case Format::Fp8PerRow:
      require_shape(m.codes, {n, k}, at::kFloat8_e4m3fn);
      return require_shape(m.scale, {n}, at::kFloat);
    case Format::Fp8Block128:
      require_shape(m.codes, {n, k}, at::kFloat8_e4m3fn);
      return require_shape(m.scale, {up(n, 128) / 128, up(k, 128) / 128}, at::kFloat);
    case Format::Fp6Block128:
      require_shape(m.codes, {n, 3 * k / 4}, at::kByte);
      return require_shape(m.scale, {n / 128, k / 128}, at::kFloat);
    case Format::Mxfp8:
      require_shape(m.codes, {n, up(k, 32)}, at::kFloat8_e4m3fn);
      return require_shape(m.scale, {n, up(k, 32) / 32}, at::kByte);
    case Format::Nvfp4:
      require_shape(m.codes, {n, up(k, 16) / 2}, at::kByte);
      require_shape(m.scale, {n, up(k, 16) / 16}, at::kByte);
      return require_shape(m.scale_2, {}, at::kFloat);
    case Format::Int8:
      require_shape(m.codes, {n, k}, at::kChar);
      return m.scale.dim() == 0 ? require_shape(m.scale, {}, at::kFloat)
                                : require_shape(m.scale, {n}, at::kFloat);
    case Format::Int4:
      require_shape(m.codes, {n, k / 2}, at::kByte);
      require_shape(m.scale, {n, m.scale.size(1)}, at::kBFloat16);
      require(k % m.scale.size(1) == 0);
      if (m.zero.defined()) require_shape(m.zero, m.scale.sizes(), at::kBFloat16);
      return;
    case Format::Nf4:
      require_shape(m.codes, {(n * k + 1) / 2}, at::kByte);
      require_shape(m.table, {16}, at::kFloat);
      return require_shape(m.scale, {(n * k + m.nf4_block - 1) / m.nf4_block}, at::kFloat);
    default:
      std::abort();
  }
}

void read(std::shared_ptr<const weights::Store> files, weights::StoredHints hints) {
  try {
    const auto layers = std::make_shared<const weights::StoredLayers>(std::move(files), std::move(hints));
    layers->counts();
    layers->policy();
    const weights::QuantizedStore store(layers);
    for (const auto& name : store.names()) {
      const auto& info = *store.find(name);
      try {
        const auto value = store.read(name);
        require(value.sizes() == at::IntArrayRef(info.shape));
        const auto parts = store.parts(name);
        require(parts.stored.has_value() == (info.format != Format::Unquantized));
        if (parts.stored) {
          require(parts.stored->matrix.format == info.format);
          check(parts.stored->matrix);
        }
      } catch (const Error& error) {
        require(error.status() == Status::Quant || error.status() == Status::FileFormat);
      }
    }
  } catch (const Error& error) {
    require(error.status() == Status::Quant || error.status() == Status::TensorMissing ||
            error.status() == Status::TensorMismatch);
  }
}

/// The tensors of a safetensors file in memory.
class BytesStore : public weights::Store {
 public:
  BytesStore(io::TensorTable table, std::vector<std::byte> bytes)
      : table_(std::move(table)), bytes_(std::move(bytes)) {
    for (const auto& [name, entry] : table_.tensors) infos_[name] = {entry.shape, entry.dtype, name};
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, info] : infos_) names.push_back(name);
    return names;
  }
  const weights::TensorInfo* find(std::string_view name) const override {
    const auto found = infos_.find(name);
    return found == infos_.end() ? nullptr : &found->second;
  }
  at::Tensor read(std::string_view name) const override {
    const auto& entry = table_.tensors.find(name)->second;
    auto tensor = at::empty(entry.shape, weights::scalar_type_of(entry.dtype, name));
    if (tensor.nbytes() > 0)
      std::memcpy(tensor.data_ptr(), bytes_.data() + table_.data_begin + entry.begin, tensor.nbytes());
    return tensor;
  }
  std::string describe() const override { return "fuzz"; }

 private:
  io::TensorTable table_;
  std::vector<std::byte> bytes_;
  std::map<std::string, weights::TensorInfo, std::less<>> infos_;
};

constexpr std::array<std::string_view, 4> kLayers = {"transformer_blocks.0.ff.net.2",
                                                     "transformer_blocks.0.attn1.to_q",
                                                     "transformer_blocks.0.attn1.to_gate_logits", "layer"};
constexpr std::array<std::string_view, 17> kSuffixes = {"weight",
                                                        "weight_scale",
                                                        "weight_scale_2",
                                                        "weight_scale_inv",
                                                        "scale_weight",
                                                        "weight_zero",
                                                        "input_scale",
                                                        "pre_quant_scale",
                                                        "bias",
                                                        "bias_scale",
                                                        "weight.absmax",
                                                        "weight.quant_map",
                                                        "weight.nested_absmax",
                                                        "weight.nested_quant_map",
                                                        "weight.quant_state.bitsandbytes__nf4",
                                                        "comfy_quant",
                                                        "torchao_nvfp4"};
constexpr std::array<at::ScalarType, 9> kTypes = {at::kFloat8_e4m3fn, at::kFloat8_e5m2, at::kFloat8_e8m0fnu,
                                                  at::kByte,          at::kChar,        at::kFloat,
                                                  at::kBFloat16,      at::kHalf,        at::kLong};
constexpr std::array<int64_t, 14> kExtents = {0, 1, 2, 3, 4, 8, 16, 32, 48, 64, 96, 128, 256, 512};
constexpr std::array<std::string_view, 10> kTexts = {
    R"({"format":"float8_e4m3fn"})",
    R"({"format":"nvfp4","full_precision_matrix_mult":true})",
    R"({"format":"mxfp8"})",
    R"({"format":"int8_tensorwise","convrot":true,"convrot_groupsize":16})",
    R"({"format":"fp8-per-row"})",
    R"({"format":"int4","group_size":32})",
    R"({"quant_type":"nf4","blocksize":64,"shape":[32,32]})",
    R"({"quant_type":"nf4","blocksize":8,"shape":[32,32],"nested_offset":0.1,"nested_blocksize":16})",
    R"({"is_swizzled_scales":true})",
    R"({"is_swizzled_scales":false})"};
constexpr std::array<std::string_view, 3> kConfigs = {R"(null)",
                                                      R"({"num_attention_heads":2,"attention_head_dim":16})",
                                                      R"({"num_attention_heads":2,"attention_head_dim":64})"};

std::string text_of(FuzzedDataProvider& in) {
  return in.ConsumeBool() ? std::string(in.PickValueInArray(kTexts)) : in.ConsumeRandomLengthString(64);
}

at::Tensor tensor_of(FuzzedDataProvider& in, std::string_view suffix) {
  if (suffix == "comfy_quant" || suffix == "torchao_nvfp4" || suffix.ends_with("nf4")) {
    const auto text = text_of(in);
    auto tensor = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
    if (!text.empty()) std::memcpy(tensor.data_ptr(), text.data(), text.size());
    return tensor;
  }
  const auto type = in.PickValueInArray(kTypes);
  std::vector<int64_t> shape;
  int64_t count = 1;
  for (int rank = in.ConsumeIntegralInRange(0, 3); rank > 0; --rank) {
    shape.push_back(in.PickValueInArray(kExtents));
    if (count * shape.back() > (1 << 16)) shape.back() = 1;
    count *= shape.back();
  }
  if (in.ConsumeBool())
    return at::full(shape, in.ConsumeFloatingPointInRange(-1.0, 100.0), at::kFloat).to(type);
  auto tensor = at::zeros(shape, type);
  const auto bytes =
      in.ConsumeBytes<uint8_t>(in.ConsumeIntegralInRange<size_t>(0, std::min<size_t>(tensor.nbytes(), 64)));
  if (!bytes.empty()) std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

weights::StoredHints hints_of(FuzzedDataProvider& in) {
  weights::StoredHints hints;
  hints.shapes = weights::LinearShapes(nlohmann::json::parse(in.PickValueInArray(kConfigs)));
  hints.full_precision_matmul = in.ConsumeBool();
  if (in.ConsumeBool())
    hints.overrides = {in.ConsumeBool() ? weights::NibbleOrder::Low : weights::NibbleOrder::High,
                       in.ConsumeBool() ? weights::ScaleLayout::Linear : weights::ScaleLayout::Swizzled};
  if (in.ConsumeBool()) try {
      const auto layer = std::string(in.PickValueInArray(kLayers));
      hints.metadata[layer] = weights::parse_marker(text_of(in), "metadata");
    } catch (const Error& error) {
      require(error.status() == Status::Quant);
    }
  return hints;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    std::vector<std::byte> bytes(size);
    if (size > 0) std::memcpy(bytes.data(), data, size);
    auto table = io::read_safetensors_header(bytes, "fuzz");
    weights::StoredHints hints;
    hints.shapes = weights::LinearShapes(nlohmann::json::parse(kConfigs[1]));
    if (const auto found = table.metadata.find("_quantization_metadata"); found != table.metadata.end()) try {
        for (auto& [layer, marker] : weights::parse_quantization_metadata(found->second, "metadata"))
          hints.metadata[layer] = marker;
      } catch (const Error& error) {
        require(error.status() == Status::Quant);
      }
    read(std::make_shared<BytesStore>(std::move(table), std::move(bytes)), std::move(hints));
  } catch (const Error& error) {
    require(error.status() == Status::FileCorrupt || error.status() == Status::FileFormat);
  }

  FuzzedDataProvider in(data, size);
  auto hints = hints_of(in);
  std::map<std::string, at::Tensor> tensors;
  while (in.remaining_bytes() > 0 && tensors.size() < 24) {
    const auto suffix = in.PickValueInArray(kSuffixes);
    tensors[std::string(in.PickValueInArray(kLayers)) + "." + std::string(suffix)] = tensor_of(in, suffix);
  }
  read(std::make_shared<weights::MemoryStore>(std::move(tensors)), std::move(hints));
  return 0;
}
