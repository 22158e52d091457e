// Which layers of a component are stored in which number format and layout (spec 08 §16, §17), and their
// values.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "weights/linear_shapes.h"
#include "weights/quant_markers.h"
#include "weights/store.h"

namespace ltx::weights {

/// Which axis of a stored weight comes first; in memory it is always [N, K].
enum class StoredLayout { NK, KN };
/// Where element 2j of packed 4-bit codes lies.
enum class NibbleOrder { High, Low };
enum class ScaleLayout { Linear, Swizzled };

/// Where a file of NVFP4 or MXFP8 layers does not tell, the default is high first and swizzled; a caller may
/// know better (spec 08 §12.5).
struct StoredOverrides {
  std::optional<NibbleOrder> nibble;
  std::optional<ScaleLayout> scale_layout;
};

/// A weight matrix, or a convolution's weight in int8.
struct StoredLayer {
  std::string name;                                       // without ".weight"
  formats::Format format = formats::Format::Unquantized;  // Unquantized: BF16, F16, F32 …
  std::string dtype;                                      // of the weight as stored
  std::vector<int64_t> shape;                             // logical: [N, K]; a convolution's [Co, Ci, …]
  StoredLayout layout = StoredLayout::NK;
  NibbleOrder nibble = NibbleOrder::High;          // Nvfp4
  ScaleLayout scale_layout = ScaleLayout::Linear;  // Nvfp4, Mxfp8
  int64_t rotation = 0;                            // Int8: group size, 0 = not rotated
  bool full_precision_matmul = false;
  Nf4State nf4;  // Nf4
  /// Role ("weight_scale", "weight_scale_2", "input_scale" …) → name in the store of the files. The spellings
  /// of older files stand under the role that they have.
  std::map<std::string, std::string, std::less<>> companions;
  bool ready = false;  // the store of the files reads the layer itself (GGUF)

  bool quantized() const { return format != formats::Format::Unquantized; }
  int64_t rows() const { return shape.empty() ? 0 : shape[0]; }
  int64_t columns() const;
  /// Name of a companion; nullptr where there is none.
  const std::string* companion(std::string_view role) const;
  bool has_input_scale() const { return companion("input_scale") != nullptr; }
};

/// What is known of a component besides its tensors.
struct StoredHints {
  LinearShapes shapes;
  /// Entries of `_quantization_metadata`, by layer as the component names it.
  std::map<std::string, Marker, std::less<>> metadata;
  /// The file's marker `scaled_fp8` has two elements (spec 08 §16).
  bool full_precision_matmul = false;
  StoredOverrides overrides;
};

class StoredLayers {
 public:
  /// Decides by names, shapes, dtypes and markers; weights and scales are not touched. Throws Quant,
  /// TensorMissing or TensorMismatch, with the key, for what spec 08 §23 lists.
  explicit StoredLayers(std::shared_ptr<const Store> files, StoredHints hints = {});

  /// Every weight that is a matrix, unquantized ones included, by layer.
  const std::map<std::string, StoredLayer, std::less<>>& all() const { return layers_; }
  const StoredLayer* find(std::string_view layer) const;
  /// Tensors in fp8 that are no layer's weight (biases, tables, registers, norms), with the name of their
  /// scale or "" (spec 08 §17, last paragraph).
  const std::map<std::string, std::string, std::less<>>& scaled_tensors() const { return scaled_; }
  /// Whether a tensor only accompanies others.
  bool hidden(std::string_view name) const { return hidden_.contains(name); }
  /// False: the files can be read as they are.
  bool any() const { return !scaled_.empty() || !hidden_.empty() || quantized_ > 0; }

  /// Format → number of layers, "unquantized" included.
  std::map<std::string, int64_t> counts() const;
  /// The policy whose files look like this (spec 08 §17.1): information, no decision.
  std::string policy() const;
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// The layer in the layout of formats::Matrix, in memory of its own; the pages of the file are released.
  /// Throws Quant, with the key, for scales that no encoder writes: NaN, Inf, below or equal to zero.
  StoredMatrix read(const StoredLayer& layer) const;
  /// Values of a quantized layer in its logical shape: fp32 products, rounded once to bf16.
  at::Tensor dequantize(const StoredLayer& layer) const;
  /// The same for a tensor of scaled_tensors().
  at::Tensor dequantize_tensor(std::string_view name) const;

  /// The tensors as they are stored, companions included, under the component's names.
  const Store& files() const { return *files_; }
  const std::shared_ptr<const Store>& shared_files() const { return files_; }

 private:
  friend class LayerDetector;
  std::shared_ptr<const Store> files_;
  std::map<std::string, StoredLayer, std::less<>> layers_;
  std::map<std::string, std::string, std::less<>> scaled_;
  std::set<std::string, std::less<>> hidden_;
  std::vector<std::string> warnings_;
  int64_t quantized_ = 0;
};

/// Outcome of comparing one layer of an unknown file with the same layer from a file that is known to be
/// right (spec 08 §12.5).
struct Likeness {
  double relative_l2 = 0;
  double correlation = 0;
  double expected = 0;  // relative L2 of two such files of the same weights
  bool same = false;    // within ±15 % of `expected`
};
/// Dequantizes both. Throws TensorMissing, TensorMismatch.
Likeness compare_layer(const StoredLayers& unknown, const StoredLayers& known, std::string_view layer);

}  // namespace ltx::weights
