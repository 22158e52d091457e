// Which language model belongs to a checkpoint, and which feature extractor the checkpoint has (spec 03 §1).
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "weights/metadata.h"

namespace ltx::text {

/// V1: LTX-2 (19B), statistics per layer; V2: LTX-2.3 and later, per token.
enum class ExtractorVersion { V1 = 1, V2 = 2 };

/// Decided by four keys of `config.transformer`. Throws ModelConfig where they are incomplete or have other
/// values.
ExtractorVersion extractor_version(const nlohmann::json& transformer, const std::string& file);

/// Throws ModelVersion if the language model is not the one that the checkpoint was trained with.
/// `checkpoint` is the metadata of the first file with connectors, `gemma` the top level of the language
/// model's config. Returns a line for the log where the files do not say enough to check, else "".
std::string check_pairing(const weights::Metadata& checkpoint, const nlohmann::json& gemma,
                          const std::string& gemma_file);

}  // namespace ltx::text
