// Which linear layers of the transformer are meant (spec 08 §2).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quant/policy.h"

namespace ltx::quant {

/// The full path from the transformer's root: one file prefix and one `._orig_mod` segment removed.
std::string canonical_name(std::string_view name);

/// `transformer_blocks.{block}.{suffix}`.
struct BlockLayer {
  int64_t block = 0;
  std::string_view suffix;  // into the name that was asked about
};
/// Nothing for a name outside the blocks.
std::optional<BlockLayer> block_layer(std::string_view canonical);

/// Members of a set relative to a block; Auto is S28.
const std::vector<std::string_view>& members(LayerSet set);
/// Whether a canonical name is a member of the set in some block: the whole path decides.
bool in_set(LayerSet set, std::string_view canonical);

/// What the public reference takes ([R] of spec 08 §2.2), for parity.
namespace reference {

/// fp8-cast: a key of the state dict, a module.
bool fp8_cast_key(std::string_view key);
bool fp8_cast_module(std::string_view module);
/// nvfp4-cast: a module, compiled blocks included.
bool nvfp4_cast_module(std::string_view module);
/// Block-wise fp8: a key of a 2-D tensor.
bool block128_key(std::string_view key);
/// Stored layers (fp8-scaled-mm, nvfp4-prequant): a module is replaced if a discovered layer equals its name
/// or ends in "." and its name.
bool stored_module(std::string_view module, const std::vector<std::string>& discovered);

/// Whether a kind's on-the-fly rule takes the layer of this canonical name.
bool takes(Kind kind, std::string_view layer);

}  // namespace reference

/// Whether the text encoder's policies quantize a layer (spec 08 §15): embeddings, heads, norms, rotary
/// tables, the vision and audio parts with their projectors, connectors and feature extractors stay as they
/// are.
bool text_encoder_takes(std::string_view layer);

}  // namespace ltx::quant
