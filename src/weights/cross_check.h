// A transformer's config against its tensors (spec 01 §6.2).
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "weights/store.h"

namespace ltx::weights {

/// Throws ModelConfig naming key and tensor where they contradict each other: depth, widths, gates, adaLN
/// rows, FFN biases. Only what the file has is compared, so that a stripped model is judged by its
/// constructor, not here.
void check_transformer_config(const nlohmann::json& config, const Store& tensors, const std::string& file);

}  // namespace ltx::weights
