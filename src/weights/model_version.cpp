#include "weights/model_version.h"

#include <algorithm>
#include <limits>
#include <string>

namespace ltx::weights {

Version parse_version(std::string_view text) {
  Version version;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('.'));
    if (part.empty() || !std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; }))
      break;
    int64_t number = 0;
    for (const char digit : part)
      if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit - '0', &number))
        number = std::numeric_limits<int64_t>::max() / 16;  // still larger than any real one
    version.push_back(number);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return version;
}

Version parse_generation_version(std::string_view model_version) {
  std::string text(model_version);
  std::replace(text.begin(), text.end(), '-', '.');
  return parse_version(text);
}

VersionDefaults version_defaults(std::string_view model_version) {
  const auto version = parse_generation_version(model_version);
  const bool v23 = version >= Version{2, 3};
  return {v23 ? 30 : 40, version >= Version{2, 4} ? 18 : 33, v23 ? 28 : 29, version >= Version{2, 5}};
}

}  // namespace ltx::weights
