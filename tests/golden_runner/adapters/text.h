// What the files of the text adapters share, and the one that another group's cases need.
#pragma once
#include "golden.h"

namespace ltx::golden {

/// UTF-8 bytes as a U8 tensor.
at::Tensor text_tensor(const std::string& text);

/// Component `text.tokenize_folder`.
Results tokenize_folder(const Case& c);

}  // namespace ltx::golden
