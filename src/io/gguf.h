// The GGUF container, version 3 (spec 08 §14): a validated header. Knows block sizes, not how blocks decode.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "io/tensor_file.h"

namespace ltx::io {

/// A tensor type of the container: `bytes` hold `elements` values.
struct GgufType {
  uint32_t id;
  std::string_view name;  // "Q4_K"
  uint32_t elements, bytes;
};

/// nullptr for an id or name that the container's text does not list.
const GgufType* gguf_type(uint32_t id);
const GgufType* gguf_type_named(std::string_view name);

bool is_gguf(std::span<const std::byte> file);

/// Reads and validates the header of a file held in memory; `path` is for messages only. Shapes are
/// row-major: the stored dimensions reversed, or what `comfy.gguf.orig_shape.<name>` says. Scalars and
/// strings of the header become metadata, lists do not. A tensor of an unlisted type has the dtype "type
/// <id>" and no bytes. Throws FileCorrupt (byte offset, rule, expected, found) or FileFormat (another
/// version).
TensorTable read_gguf_header(std::span<const std::byte> file, const std::string& path);

}  // namespace ltx::io
