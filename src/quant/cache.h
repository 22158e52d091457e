// A folder of converted components, so that a model is quantized once and not at every start.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "quant/convert.h"

namespace ltx::quant {

/// Entries are found by the contents of the source files, the policy with its options and rules, LoRAs and
/// calibration, with LoRAs also by the device and the libraries that multiply them; where files lie and what
/// they are called does not matter. An entry is a safetensors file and
/// beside it a text with its size and digest; the text is written last, and both appear complete or not at
/// all. Any number of processes may use one folder: who comes first converts, the others wait.
class ConversionCache {
 public:
  /// Creates the folder where it is missing. Throws FileAccess.
  explicit ConversionCache(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }

  struct Entry {
    std::filesystem::path path;
    bool built = false;                 // by this call
    std::vector<std::string> warnings;  // why an entry was built again; LoRAs of which little survived
  };
  /// The converted component, built where it is missing or damaged: one file, whatever the number of
  /// `sources`. `sources` and `options` as for convert(); `options.only` says which component. Throws what
  /// convert() throws.
  Entry open(const std::vector<std::filesystem::path>& sources, const ConvertOptions& options,
             Monitor& monitor = Monitor::silent()) const;

  /// The name that open() gives an entry.
  std::string key(const std::vector<std::filesystem::path>& sources, const ConvertOptions& options,
                  Monitor& monitor = Monitor::silent()) const;

 private:
  std::string digest_of(const std::filesystem::path& file, Monitor& monitor) const;

  std::filesystem::path folder_;
};

}  // namespace ltx::quant
