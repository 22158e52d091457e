// Version tuples and the sampling defaults that depend on them (spec 01 §6.1, spec 07 §2).
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace ltx::weights {

/// "2.3.0" is {2, 3, 0}; compared lexicographically, a prefix being smaller; {} is an unknown version,
/// smaller than all.
using Version = std::vector<int64_t>;

/// Leading all-digit components of the text between dots.
Version parse_version(std::string_view text);

/// As the generation defaults read a file's raw metadata string: "2.4-rc2" is {2, 4}.
Version parse_generation_version(std::string_view model_version);

/// What the version of a file decides for a generation.
struct VersionDefaults {
  int num_inference_steps;
  int image_crf;  // decided by the video VAE's file
  int stg_block;
  bool ancestral_sampler;  // in stage 1 of the distilled recipe
};

/// `model_version` is the raw metadata string, "" where absent; here, unlike in the pairing check, "2.4-rc2"
/// reads as 2.4.
VersionDefaults version_defaults(std::string_view model_version);

}  // namespace ltx::weights
