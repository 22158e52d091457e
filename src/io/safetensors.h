// The safetensors container (spec 01 §1): a validated header.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "io/tensor_file.h"

namespace ltx::io {

using Safetensors = TensorFile;

/// Reads and validates the header of a file held in memory; `path` is for messages only.
/// Throws FileCorrupt (byte offset, rule, expected, found) or FileFormat (another container).
TensorTable read_safetensors_header(std::span<const std::byte> file, const std::string& path);

/// Bits per element of a dtype string, 0 if unknown.
int bits_of(std::string_view dtype);

}  // namespace ltx::io
