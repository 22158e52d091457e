// The files that rewrite prompts: a Gemma of their own, or the text encoder's (spec 03 §8.1).
#pragma once
#include <memory>

#include "models/text/text_encoder.h"
#include "models/text/vision_tower.h"
#include "weights/model_files.h"

namespace ltx::pipelines {

/// What prompts are rewritten with besides the text encoder: a language model of its own where the enhancer
/// is another one, and what sees images where the files have it.
struct PromptEnhancer {
  std::optional<text::TextEncoder> model;
  std::optional<text::VisionTower> tower;
};

class EnhancerFiles {
 public:
  /// Reads headers only. Throws Unsupported if `models.prompt_enhancer` is no Gemma 3, and what reading it
  /// throws.
  explicit EnhancerFiles(const weights::ModelFiles& files);

  /// A model of its own was given, other than the text encoder.
  bool separate() const { return own_ != nullptr; }
  /// Throws ComponentMissing if nothing here can rewrite prompts; TensorMissing if an image is to be looked
  /// at and the model has no image tower.
  void require(bool image) const;

  /// What PromptEnhancer is made of: the whole separate model, or the text encoder's image tower; nullptr if
  /// there is nothing beside the text encoder.
  std::shared_ptr<const weights::Store> store() const { return store_; }
  /// Config and tokenizer of the model that rewrites.
  const weights::TextEncoderFiles& files() const { return own_ ? *own_ : *encoder_; }

  /// `source` stands at the root of store().
  std::shared_ptr<const PromptEnhancer> build(const quant::Source& source) const;

 private:
  std::shared_ptr<const weights::TextEncoderFiles> own_;  // nullptr: the text encoder's files
  const weights::TextEncoderFiles* encoder_ = nullptr;    // lives in the ModelFiles
  bool sees_ = false;
  std::shared_ptr<const weights::Store> store_;
};

}  // namespace ltx::pipelines
