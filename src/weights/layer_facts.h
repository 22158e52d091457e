// What the header and the markers of a file say about one layer, and the refusals that name it; used while
// formats are detected.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "weights/stored_layers.h"

namespace ltx::weights {

/// A suffix of `<layer>` that belongs to its weight, and what such a tensor is for. Older and foreign
/// spellings share the role.
struct CompanionRole {
  std::string_view role, suffix;
};
const std::vector<CompanionRole>& companion_roles();

bool is_fp8(std::string_view dtype);
/// F32, BF16, F16: what a scale may be.
bool is_float(std::string_view dtype);
int64_t element_count(const TensorInfo& info);
inline int64_t rounded_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
inline int64_t divided_up(int64_t value, int64_t divisor) {
  return (value + divisor - 1) / divisor;
}
std::string text_of(const std::vector<int64_t>& shape);
/// [N] or [N, 1].
bool is_row_scale(const std::vector<int64_t>& shape, int64_t rows);

class LayerFacts {
 public:
  LayerFacts(const Store& files, const StoredHints& hints) : files_(files), hints_(hints) {}

  const Store& files() const { return files_; }
  const StoredHints& hints() const { return hints_; }
  const TensorInfo& weight(const StoredLayer& layer) const { return *files_.find(layer.name + ".weight"); }
  /// nullptr where the layer has no such companion.
  const TensorInfo* info(const StoredLayer& layer, std::string_view role) const;
  /// The JSON of a marker that exists.
  std::string text(const StoredLayer& layer, std::string_view role) const;
  /// [N, K] by the config.
  std::optional<LinearShape> expected(const StoredLayer& layer) const {
    return hints_.shapes.find(layer.name);
  }
  /// What is said in words, beside the layer and in the metadata; both must say the same.
  std::optional<Marker> marker(const StoredLayer& layer) const;

  /// Companions of a format, besides those that any may have.
  void allow(const StoredLayer& layer, std::initializer_list<std::string_view> roles) const;

  [[noreturn]] void unknown(const StoredLayer& layer, const std::string& detail = {}) const;
  [[noreturn]] void wrong_shape(const StoredLayer& layer, const LinearShape& expected,
                                std::string_view or_else = {}) const;
  [[noreturn]] void wrong_scale(const StoredLayer& layer, const TensorInfo& scale,
                                std::string_view expected) const;

 private:
  const Store& files_;
  const StoredHints& hints_;
};

/// Sets the format of a layer from its dtype and companions (the table of spec 08 §17) and, with it, the
/// logical shape, the order of nibbles and scales, the rotation. Throws for what does not fit together.
void decide_format(StoredLayer& layer, const LayerFacts& facts);

}  // namespace ltx::weights
