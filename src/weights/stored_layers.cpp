#include "weights/stored_layers.h"

#include <algorithm>

#include "base/error.h"
#include "weights/layer_facts.h"

namespace ltx::weights {

using formats::Format;

namespace {

constexpr std::string_view kWeight = ".weight";
// No extent of a model's tensor comes near it; products of two fit int64.
constexpr int64_t kLargestExtent = 1ll << 30;

}  // namespace

int64_t StoredLayer::columns() const {
  int64_t count = shape.empty() ? 0 : 1;
  for (size_t i = 1; i < shape.size(); ++i) count *= shape[i];
  return count;
}

const std::string* StoredLayer::companion(std::string_view role) const {
  const auto found = companions.find(role);
  return found == companions.end() ? nullptr : &found->second;
}

/// Fills a StoredLayers in three passes: which tensors belong together, which way the file stores matrices,
/// and what that makes of each layer.
class LayerDetector {
 public:
  LayerDetector(StoredLayers& result, const StoredHints& hints)
      : result_(result), files_(*result.files_), hints_(hints), facts_(files_, hints) {}

  void run() {
    for (auto& name : files_.names())
      if (name == "scaled_fp8" || name.ends_with(".scaled_fp8")) result_.hidden_.insert(name);
    for (const auto& name : files_.names())
      if (name.ends_with(kWeight)) collect(name);
    settle_layout();
    for (auto& [name, layer] : result_.layers_) {
      finish(layer);
      result_.quantized_ += layer.quantized();
    }
    check_metadata();
    collect_scaled_tensors();
    refuse_orphans();
  }

 private:
  /// Pass 1. A matrix, or int8 of any rank from 2 on, is a layer; other ranks are plain tensors.
  void collect(const std::string& name) {
    const auto& found = *files_.find(name);
    StoredLayer layer;
    layer.name = name.substr(0, name.size() - kWeight.size());
    layer.dtype = found.dtype;
    layer.shape = found.shape;
    const bool sized = std::all_of(found.shape.begin(), found.shape.end(),
                                   [](int64_t extent) { return extent >= 1 && extent <= kLargestExtent; });
    if (found.format != Format::Unquantized) {
      layer.format = found.format;
      layer.ready = true;
      result_.layers_[layer.name] = std::move(layer);
      return;
    }
    gather(layer);
    const bool codes = found.dtype == "U8" || found.dtype == "I8";
    const bool matrix = found.shape.size() == 2 || (found.dtype == "I8" && found.shape.size() > 2);
    if (!sized) {
      if (codes || is_fp8(found.dtype) || !layer.companions.empty()) facts_.unknown(layer);
      return;
    }
    if (matrix || codes) {
      if (!matrix) facts_.unknown(layer);
      result_.layers_[layer.name] = std::move(layer);
    } else if (is_fp8(found.dtype)) {
      check_scaled_weight(layer);
    } else {
      // A norm's or a convolution's weight in a dtype that networks compute in.
      warn_of_unused(layer);
    }
  }

  void gather(StoredLayer& layer) {
    for (const auto& [role, suffix] : companion_roles()) {
      const auto name = layer.name + std::string(suffix);
      const auto* found = files_.find(name);
      if (!found) continue;
      if (!layer.companions.emplace(role, name).second)
        fail(Status::Quant, "{}: expected one {}, found '{}' too. Use an unmodified file.", found->source,
             role, layer.companions.find(role)->second);
      result_.hidden_.insert(name);
    }
    for (const std::string_view role : {"comfy_quant", "torchao_nvfp4", "quant_state"}) {
      if (const auto* marker = facts_.info(layer, role);
          marker && (marker->dtype != "U8" || marker->shape.size() != 1))
        fail(Status::Quant, "{}: expected the bytes of a JSON text, found {} {}. Use an unmodified file.",
             marker->source, marker->dtype, text_of(marker->shape));
    }
    if (layer.companion("comfy_quant") && facts_.text(layer, "comfy_quant").empty())
      layer.companions.erase("comfy_quant");
  }

  // ---- pass 2

  /// Codes of one byte per element, in the shape of the matrix.
  bool is_plain_fp8(const StoredLayer& layer) const {
    const auto* scale = facts_.info(layer, "weight_scale");
    return is_fp8(layer.dtype) && layer.shape.size() == 2 && (!scale || is_float(scale->dtype));
  }

  void settle_layout() {
    const StoredLayer *straight = nullptr, *turned = nullptr;
    for (const auto& [name, layer] : result_.layers_) {
      const auto expected = hints_.shapes.find(name);
      if (!expected || layer.ready || layer.shape.size() != 2) continue;
      const auto &rows = layer.shape[0], &columns = layer.shape[1];
      if (layer.dtype == "I8" && expected->rows != expected->columns && rows == expected->rows &&
          columns == expected->columns)
        straight = &layer;
      if (!is_plain_fp8(layer)) continue;
      const bool as_is = rows == expected->rows && columns == expected->columns;
      const bool swapped = rows == expected->columns && columns == expected->rows;
      if (!as_is && !swapped) facts_.wrong_shape(layer, *expected, " or its transpose");
      if (as_is && !swapped) straight = &layer;
      if (swapped && !as_is) turned = &layer;
    }
    if (straight && turned)
      fail(Status::Quant,
           "{}: stored {} = [N, K], but {}: stored {} = [K, N]. Weights of one file have one layout; use an "
           "unmodified file.",
           facts_.weight(*straight).source, text_of(straight->shape), facts_.weight(*turned).source,
           text_of(turned->shape));
    if (!turned) return;
    // Square layers, and those that the config does not name, follow the others (spec 08 §6.5). A table that
    // no Linear has and that comes without a scale is not known to be a layer: it stays as it is.
    for (auto& [name, layer] : result_.layers_)
      if (!layer.ready && is_plain_fp8(layer) &&
          (hints_.shapes.find(name) || layer.companion("weight_scale"))) {
        layer.layout = StoredLayout::KN;
        std::swap(layer.shape[0], layer.shape[1]);
      }
  }

  // ---- pass 3

  void finish(StoredLayer& layer) {
    if (layer.ready) return;
    decide_format(layer, facts_);
    if (!layer.quantized() || layer.format == Format::Fp8Unscaled) warn_of_unused(layer);
  }

  /// The weight of a norm or a convolution in fp8: collect_scaled_tensors() finds its scale.
  void check_scaled_weight(const StoredLayer& layer) const {
    for (const auto& [role, name] : layer.companions)
      if (role != "weight_scale" && role != "input_scale" && role != "comfy_quant") facts_.unknown(layer);
    if (const auto said = facts_.marker(layer); said && !agrees(*said, Format::Fp8PerTensor, layer.dtype))
      facts_.unknown(layer, said->source + " says " + said->format);
  }

  /// A weight that has no scale: an activation scale beside it means nothing, any other companion is a
  /// contradiction.
  void warn_of_unused(const StoredLayer& layer) {
    for (const auto& [role, name] : layer.companions) {
      if (layer.quantized() && role == "comfy_quant") continue;
      if (role != "input_scale") facts_.unknown(layer);
      result_.warnings_.push_back(
          fmt::format("{} stands beside a weight without a scale and is ignored", files_.find(name)->source));
    }
  }

  // ---- what is no layer's weight

  void collect_scaled_tensors() {
    for (const auto& name : files_.names()) {
      const auto& found = *files_.find(name);
      if (!is_fp8(found.dtype) || result_.hidden_.contains(name)) continue;
      const bool weight = name.ends_with(kWeight);
      const auto layer = weight ? name.substr(0, name.size() - kWeight.size()) : name;
      if (weight && result_.layers_.contains(layer)) continue;
      const TensorInfo* scale = files_.find(name + "_scale");
      auto scale_name = name + "_scale";
      for (const std::string_view spelling : {".scale_weight", ".weight_scale_inv"})
        if (!scale && weight) scale = files_.find(scale_name = layer + std::string(spelling));
      if (!scale) {
        result_.scaled_[name] = "";
        continue;
      }
      const auto rows = found.shape.empty() ? 1 : found.shape[0];
      // The name of block scales says nothing of rows.
      const bool may_have_rows = found.shape.size() >= 2 && !scale_name.ends_with("_inv");
      const bool per_row = may_have_rows && is_row_scale(scale->shape, rows);
      if (!is_float(scale->dtype) || (element_count(*scale) != 1 && !per_row))
        fail(Status::TensorMismatch, "{}: expected one value{}, found {} {}. Use an unmodified file.",
             scale->source, may_have_rows ? fmt::format(" or [{}]", rows) : "", scale->dtype,
             text_of(scale->shape));
      result_.scaled_[name] = scale_name;
      result_.hidden_.insert(scale_name);
    }
  }

  /// A companion whose weight is missing: the file is incomplete.
  void refuse_orphans() const {
    for (const auto& name : files_.names()) {
      if (result_.hidden_.contains(name)) continue;
      std::string_view suffix;
      for (const auto& role : companion_roles())
        if (name.ends_with(role.suffix) && role.suffix.size() > suffix.size()) suffix = role.suffix;
      std::string missing = ".weight";
      if (suffix.empty() && name.ends_with(".bias_scale")) suffix = ".bias_scale", missing = ".bias";
      if (suffix.empty()) continue;
      const auto layer = name.substr(0, name.size() - suffix.size());
      const auto* found = files_.find(layer + missing);
      if (!found)
        fail(Status::TensorMissing,
             "{}: the tensor '{}{}' that it belongs to is missing. Use a complete file.",
             files_.find(name)->source, layer, missing);
      fail(Status::Quant, "{}: expected no scale beside {} of dtype {}. Use an unmodified file.",
           files_.find(name)->source, found->source, found->dtype);
    }
  }

  /// Layers are compared with their entries by decide_format().
  void check_metadata() {
    for (const auto& [layer, said] : hints_.metadata) {
      if (result_.layers_.contains(layer)) continue;
      const auto* found = files_.find(layer + std::string(kWeight));
      if (!found)
        result_.warnings_.push_back(said.source + " names a layer that the file does not have");
      else if (!is_fp8(found->dtype))
        fail(Status::Quant, "{}: '{}' contradicts the weight: {} of dtype {}. Use an unmodified file.",
             said.source, said.format, found->source, found->dtype);
    }
  }

  StoredLayers& result_;
  const Store& files_;
  const StoredHints& hints_;
  LayerFacts facts_;
};

StoredLayers::StoredLayers(std::shared_ptr<const Store> files, StoredHints hints) : files_(std::move(files)) {
  LayerDetector(*this, hints).run();
}

const StoredLayer* StoredLayers::find(std::string_view layer) const {
  const auto found = layers_.find(layer);
  return found == layers_.end() ? nullptr : &found->second;
}

std::map<std::string, int64_t> StoredLayers::counts() const {
  std::map<std::string, int64_t> counts;
  for (const auto& [name, layer] : layers_) ++counts[std::string(formats::name_of(layer.format))];
  return counts;
}

std::string StoredLayers::policy() const {
  std::set<Format> found;
  for (const auto& [name, layer] : layers_)
    if (layer.quantized()) found.insert(layer.format);
  if (found.empty()) return "none";
  const bool gguf = std::all_of(found.begin(), found.end(), formats::is_gguf);
  if (found.size() > 1 && !gguf) return "mixed";
  switch (*found.begin()) {
    case Format::Fp8Unscaled:
      return "fp8-cast";
    case Format::Fp8PerTensor:
      return "fp8-scaled-mm";
    case Format::Fp8PerRow:
      return "fp8-dynamic";
    case Format::Nvfp4:
      return "nvfp4-prequant";
    default:
      return gguf ? "gguf" : std::string(formats::name_of(*found.begin()));
  }
}

}  // namespace ltx::weights
