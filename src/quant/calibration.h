// Measured maxima of activations: amax.json (spec 08 §6.4), how a layer's activation scale follows from it,
// and the recorder of a calibration run.
#pragma once
#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quant/amax_file.h"
#include "quant/linear_parts.h"
#include "quant/observe.h"

namespace ltx::quant {

class Calibration {
 public:
  Calibration() = default;
  /// Maxima by layer, full path from the transformer's root.
  explicit Calibration(AmaxTable amax) : amax_(std::move(amax)) {}

  /// Throws FileNotFound, FileFormat (no JSON, no `amax_values`) or Quant (an entry that is no positive
  /// finite fp32 number; named).
  static Calibration read(const std::filesystem::path& path);
  static Calibration parse(std::string_view text, std::string_view source);

  /// Throws Quant naming the first entry whose layer is not in `layers`.
  void require_known(const std::vector<std::string>& layers) const;
  /// Those of `layers` without an entry.
  std::vector<std::string> without_entry(const std::vector<std::string>& layers) const;

  std::optional<float> amax(std::string_view layer) const;
  /// F32 []: fp32(amax/448), for NVFP4 amax·fp32(1/2688); undefined: no entry.
  at::Tensor input_scale(std::string_view layer, bool nvfp4 = false) const;

  const AmaxTable& entries() const { return amax_; }
  const std::string& source() const { return source_; }
  /// The JSON that `read` takes.
  std::string text() const;
  /// Appears complete or not at all.
  void write(const std::filesystem::path& path) const;

 private:
  AmaxTable amax_;
  std::string source_ = "memory";
};

/// Where a layer's activation scale comes from.
enum class ScaleSource { Dynamic, Static, Calibrated, Fixed1 };
/// "dynamic", "static", "calibrated", "fixed-1".
std::string_view name_of(ScaleSource source);

/// A stored scale that says something: finite, above 0 and not 1.0 (spec 08 §6.4).
bool usable_input_scale(const at::Tensor& input_scale);

struct ResolvedScale {
  ScaleSource source = ScaleSource::Dynamic;
  at::Tensor input_scale;  // F32 []; undefined: dynamic or fixed
};
/// Static: throws Quant naming the layer if it has no usable scale. With a calibration the stored scales do
/// not count. `reference`: NVFP4 takes FIXED_1 in place of auto, and any stored scale is usable.
ResolvedScale resolve_scale(ActScale wanted, const at::Tensor& stored, const Calibration* calibration,
                            std::string_view layer, bool nvfp4 = false, bool reference = false);

/// The running maximum of |x| per layer, in fp32, over all calls and threads. Install with ObserveLinears.
class Recorder : public LinearObserver {
 public:
  void ran(const std::string& layer, const at::Tensor& x, const at::Tensor& /*y*/) override {
    record(layer, x);
  }
  void record(const std::string& layer, const at::Tensor& x);
  /// Throws Numeric naming the layers that saw NaN or Inf. Layers that saw only zeros have no entry.
  Calibration result() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, at::Tensor, std::less<>> maxima_;  // F32 [] on the activation's device: no waiting
};

/// How much each block suffers from quantization, and which blocks to keep.
struct Sensitivity {
  struct Entry {
    std::string layer;
    double error = 0;  // relative L2, of the weight or of the layer's output
  };
  std::vector<Entry> entries;

  /// Blocks by the root mean square of their layers' errors, the worst first.
  std::vector<std::pair<int64_t, double>> by_block() const;
  /// The `count` worst blocks, ascending; fewer where the errors are alike: a block counts only if it is
  /// above `factor` times the median.
  std::vector<int64_t> keep_bf16_blocks(int64_t count = 4, double factor = 1.25) const;
};

}  // namespace ltx::quant
