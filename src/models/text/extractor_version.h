// Which feature extractor a checkpoint has (spec 03 §1).
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace ltx::text {

/// V1: LTX-2 (19B), statistics per layer; V2: LTX-2.3 and later, per token.
enum class ExtractorVersion { V1 = 1, V2 = 2 };

/// Decided by four keys of `config.transformer`. Throws ModelConfig where they are incomplete or have other
/// values.
ExtractorVersion extractor_version(const nlohmann::json& transformer, const std::string& file);

}  // namespace ltx::text
