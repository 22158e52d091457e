// quant.codec: one function per value of params.format.
#pragma once
#include "golden.h"

namespace ltx::golden {

using Codecs = std::map<std::string, std::function<Results(const Case&)>>;

void add_floating_codecs(Codecs&);
void add_integer_codecs(Codecs&);

}  // namespace ltx::golden
