// Client structs into plain C++ values: everything copied, every value checked that can be checked without
// looking at a file (docs/c-api.md R2–R5, R9, R17). Messages name the field by its path.
#pragma once
#include <string>
#include <vector>

#include "engine/params.h"
#include "engine/request.h"
#include "ltx_c.h"

namespace ltx::api {

/// Refuses recipes, policies and placements that are not built.
engine::PipelineParams params_from(const ltx_pipeline_params* params);

engine::ConvertParams convert_from(const ltx_convert_params* params);

enum class Purpose {
  Generate,  // everything
  Text,      // a prompt is required; the rest is checked alike and not used
};

/// Refuses fields that the recipe does not use or that are not built.
engine::Request request_from(const ltx_request* request, engine::PipelineKind kind,
                             Purpose purpose = Purpose::Generate);

/// An array of requests, at least one; messages name the element.
std::vector<engine::Request> requests_from(const ltx_request* requests, size_t count,
                                           engine::PipelineKind kind);

/// For a finished clip: the fields of a file alone.
engine::OutputOptions output_from(const ltx_output* output, const std::string& path);

/// A text that must be given. Throws InvalidArgument if it is NULL or not UTF-8.
std::string text_from(const char* text, const std::string& path);

/// Throws InvalidArgument for a number that the enumeration does not have.
template <class Enum>
Enum enum_from(ltx_enum type, int32_t value, const std::string& path);
void check_enum(ltx_enum type, int32_t value, const std::string& path);

template <class Enum>
Enum enum_from(ltx_enum type, int32_t value, const std::string& path) {
  check_enum(type, value, path);
  return static_cast<Enum>(value);
}

}  // namespace ltx::api
