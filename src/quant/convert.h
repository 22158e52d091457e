// Model files into model files: other number formats, LoRAs fused, parts split; one tensor in memory at a
// time (spec 08 §3.2, §16).
#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/monitor.h"
#include "quant/calibration.h"
#include "quant/policy.h"
#include "quant/report.h"
#include "weights/checkpoint.h"
#include "weights/lora.h"

namespace ltx::quant {

struct ConvertOptions {
  /// Auto keeps the stored formats, None dequantizes. GGUF blocks are not written: they want None or a policy
  /// that encodes.
  Policy transformer{Target::Transformer, Kind::Auto};
  Policy text_encoder{Target::TextEncoder, Kind::Auto};
  std::shared_ptr<const Calibration> calibration;  // becomes input scales of the transformer; may be null
  std::vector<weights::Lora> loras;                // fused into the transformer
  at::Device device = at::kCPU;                    // where weights are encoded; the bits are the same
  at::ScalarType compute = at::kBFloat16;          // of the loads that the file is for
  nlohmann::json config;                           // of the transformer, for files that carry none
  bool split = false;                              // one file per component
  bool join = false;                               // one file out of all
  bool overwrite = false;
  bool verify =
      true;  // read the file again before it takes its name; adds the error of each layer to the report
  /// Only this component's tensors are written; else all of the files'.
  std::optional<weights::Component> only;
};

struct ConvertedFile {
  std::filesystem::path path;
  uint64_t tensors = 0, bytes = 0;
};

struct Conversion {
  std::vector<ConvertedFile> files;
  std::shared_ptr<Report> report = std::make_shared<Report>();  // per layer of transformer and text encoder
  std::vector<std::string> warnings;
};

/// A conversion of the files of one checkpoint that knows from headers what it will write and has found the
/// names free; several can be prepared before the first one writes.
class Converter {
 public:
  /// As convert(). Writes nothing.
  Converter(const std::vector<std::filesystem::path>& sources, const std::filesystem::path& output,
            const ConvertOptions& options);
  ~Converter();
  Converter(Converter&&) noexcept;
  Converter& operator=(Converter&&) noexcept;

  const std::vector<std::filesystem::path>& targets() const;
  uint64_t bytes() const;  // Progress::bytes_total of run()
  Conversion run(Monitor& monitor = Monitor::silent()) const;

 private:
  struct Work;
  std::unique_ptr<const Work> work_;
};

/// Converts the files of one checkpoint, a later one overwriting an earlier (spec 01 §1.4). `output` is the
/// name of the new file, or a folder where several come out: shards keep their names, parts take their
/// component's. Every tensor that the policies do not concern is carried over byte for byte, with its name
/// and the metadata. Each file appears complete under its name or not at all. Throws InvalidArgument (an
/// output that exists, a name that does not fit), Unsupported (GGUF that was to stay so), Quant, Numeric,
/// LoraMismatch, DiskFull …, Cancelled.
Conversion convert(const std::vector<std::filesystem::path>& sources, const std::filesystem::path& output,
                   const ConvertOptions& options, Monitor& monitor = Monitor::silent());

}  // namespace ltx::quant
