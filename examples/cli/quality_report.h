// The report of `ltx quality`: a table, JSON, a page with plots, a strip of frames per policy.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quality_metrics.h"

namespace cli {

/// What one policy gave. Differences are against the first policy of the list.
struct quality_row {
  std::string policy;
  uint64_t transformer_bytes = 0;
  int64_t quantized = 0, skipped = 0;
  double mean_weight_error = 0, worst_weight_error = 0;
  std::string worst_layer;
  std::vector<double> block_errors;  // root mean square of the layers' errors, by block
  std::vector<int64_t> keep_blocks;  // those whose errors stand out
  double video_latent = 0, audio_latent = 0, psnr = 0, ssim = 1, audio_snr = 0;
  double denoise_seconds = 0, total_seconds = 0;
  picture_set frames;
};

nlohmann::json to_json(const quality_row& row);

/// For a terminal.
std::string quality_table(const std::vector<quality_row>& rows);

/// Writes quality.json, quality.html and, where the program was built with libpng, quality.png into the
/// folder, which is made if it is missing. Returns the names written.
std::vector<std::string> write_quality_report(const std::string& folder, const std::string& prompt,
                                              const std::vector<quality_row>& rows);

}  // namespace cli
