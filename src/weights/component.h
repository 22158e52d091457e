// The parts of a model and the names that their tensors have in files and in the networks (spec 01 §3.2,
// §4.5).
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"

namespace ltx::weights {

enum class Component {
  Transformer,
  Embeddings,  // connectors `video_connector.`, `audio_connector.` and projections `feature_extractor.`
  VideoEncoder,
  VideoDecoder,
  AudioEncoder,
  AudioDecoder,
  Vocoder,
  Upsampler,
  DurationHead,
  TextEncoder,  // `language_model.`, `vision_tower.`, `projector.` …
};

/// "transformer", "video_encoder", …
std::string_view name_of(Component component);
/// Throws InvalidArgument for a name that is none.
Component component_named(std::string_view name);
const std::vector<Component>& all_components();

/// The section of `config` that describes a component; "" where the configuration lies elsewhere.
std::string_view config_section(Component component);

/// Translates the names of one file into the component's names; empty: not part of it. The prefixes in use
/// are read off the file: published files, bare extracts and the spellings of other tools differ.
std::function<std::string(std::string_view)> names_in(const io::TensorFile& file, Component component);

/// The name without the segment that a compiled block of the public reference has (spec 08 §2.2).
std::string without_compiled_segment(std::string_view name);

/// The prefix of the transformer in a file: "model.diffusion_model.", "diffusion_model." or "".
struct Prefix {
  bool found = false;
  std::string text;
};
Prefix transformer_prefix(const io::TensorFile& file);

}  // namespace ltx::weights
