// The files of a model by slot, and what is opened from which (spec 01 §4.6, §6.3).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weights/checkpoint.h"
#include "weights/text_encoder_files.h"

namespace ltx::weights {

/// Paths as a caller gives them; "" is absent.
struct ModelPaths {
  std::string root;        // a folder searched by file contents; the slots below win
  std::string checkpoint;  // everything but text
  std::string transformer, text_encoder, video_vae, audio_vae, duration_head, spatial_upsampler,
      temporal_upsampler, prompt_enhancer;
  StoredOverrides stored;  // for quantized files that do not tell their layout
};

class ModelFiles {
 public:
  /// Reads headers only. `distilled` chooses by file name where `root` holds both models.
  /// Throws FileNotFound, FileFormat (a file of the wrong kind in a slot), InvalidArgument (several
  /// candidates in `root`).
  explicit ModelFiles(const ModelPaths& paths, std::optional<bool> distilled = {});

  /// The slots after the search of `root`.
  const ModelPaths& paths() const { return paths_; }

  bool has(Component component) const;
  /// Throws ComponentMissing with the slot to set.
  Part open(Component component) const;
  Part open_temporal_upsampler() const;
  const TextEncoderFiles& text_encoder() const;

  /// Metadata of the file that a component comes from; the embeddings' is that of the transformer.
  const Metadata& metadata(Component component) const;
  /// Steps, STG block and sampler by the transformer's file, the CRF by the video VAE's.
  VersionDefaults defaults() const;
  /// Throws ModelVersion if the text encoder is not the one that the transformer was trained with; returns a
  /// warning where the files do not say, else "". Nothing to check without both.
  std::string check_pairing() const;

  /// What a caller should see in a log: ambiguous files, overwritten tensors, skipped pairing checks.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  const Checkpoint* source(Component component) const;
  std::shared_ptr<const Checkpoint> open_slot(const std::string& path, const char* slot,
                                              std::initializer_list<FileKind> kinds) const;
  nlohmann::json borrowed_config(Component component) const;

  ModelPaths paths_;
  std::shared_ptr<const Checkpoint> checkpoint_, transformer_, embeddings_, video_vae_, audio_vae_,
      duration_head_, spatial_upsampler_, temporal_upsampler_;
  std::shared_ptr<const TextEncoderFiles> text_encoder_;
  std::vector<std::string> warnings_;
};

/// The pairing rules of spec 01 §6.3 alone. Returns a warning or "".
std::string check_text_encoder_pairing(const Metadata& model, const nlohmann::json& text_config,
                                       const std::string& text_path);

}  // namespace ltx::weights
