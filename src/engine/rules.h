// Which request fields a recipe uses (docs/c-api.md §3), and which features this build does not have.
#pragma once
#include <string_view>

#include "engine/params.h"
#include "engine/request.h"

namespace ltx::engine {

/// "distilled", "one-stage" … as ltx_enum_name spells it.
std::string_view name_of(PipelineKind kind);
std::string_view name_of(Component component);

/// Throws InvalidArgument for a non-default field that the recipe does not use, naming both.
void check_fields(PipelineKind kind, const Request& request);

/// Throws NotBuilt for a non-default value whose feature this build lacks, naming the field and the feature.
void check_built(const PipelineParams& params);
void check_built(const Request& request);

/// True if the recipe exists in this build.
bool is_built(PipelineKind kind);

}  // namespace ltx::engine
