// Numbers of requests as the specification's double arithmetic means them.
#pragma once
#include <fmt/format.h>

#include <string>

namespace ltx::pipelines {

/// 0.9f is 0.9 and not 0.89999998: the shortest decimal that names the float.
inline double shortest_double(float value) {
  return std::stod(fmt::format("{}", value));
}

}  // namespace ltx::pipelines
