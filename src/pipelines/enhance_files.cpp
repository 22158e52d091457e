#include "pipelines/enhance_files.h"

#include <filesystem>

#include "base/error.h"

namespace ltx::pipelines {
namespace {

constexpr const char* kEye = "vision_tower.embeddings.patch_embedding.weight";

bool is_of_images(std::string_view name) {
  return name.starts_with("vision_tower.") || name.starts_with("projector.");
}

/// The image side of a Gemma.
class ImageStore final : public weights::Store {
 public:
  explicit ImageStore(std::shared_ptr<const weights::Store> whole) : whole_(std::move(whole)) {}

  std::vector<std::string> names() const override {
    auto names = whole_->names();
    std::erase_if(names, [](const std::string& name) { return !is_of_images(name); });
    return names;
  }
  const weights::TensorInfo* find(std::string_view name) const override {
    return is_of_images(name) ? whole_->find(name) : nullptr;
  }
  at::Tensor read(std::string_view name) const override { return whole_->read(name); }
  weights::WeightParts parts(std::string_view name) const override { return whole_->parts(name); }
  std::string describe() const override { return whole_->describe(); }
  bool is_mapped(std::string_view name) const override { return whole_->is_mapped(name); }
  void release(std::string_view name) const override { whole_->release(name); }
  const weights::StoredLayers* stored_layers() const override { return whole_->stored_layers(); }

 private:
  std::shared_ptr<const weights::Store> whole_;
};

bool same_place(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || std::filesystem::equivalent(a, b, error);
}

std::shared_ptr<const weights::TextEncoderFiles> open_own(const weights::ModelPaths& paths) {
  if (paths.prompt_enhancer.empty() || same_place(paths.prompt_enhancer, paths.text_encoder)) return nullptr;
  try {
    return std::make_shared<const weights::TextEncoderFiles>(paths.prompt_enhancer, paths.stored);
  } catch (const Error& error) {
    fail(error.status(), "models.prompt_enhancer: {}", error.what());
  }
}

}  // namespace

EnhancerFiles::EnhancerFiles(const weights::ModelFiles& files)
    : own_(open_own(files.paths())),
      encoder_(files.has(weights::Component::TextEncoder) ? &files.text_encoder() : nullptr) {
  if (own_ && own_->model_type() != "gemma3")
    fail(Status::Unsupported,
         "models.prompt_enhancer '{}': expected model_type 'gemma3', found '{}'. Give a Gemma 3 folder.",
         own_->path().string(), own_->model_type());
  if (!own_ && !encoder_) return;
  const auto whole = this->files().open().view.shared_store();
  sees_ = whole->find(kEye) != nullptr;
  if (own_)
    store_ = whole;
  else if (sees_ && encoder_->model_type() == "gemma3")
    store_ = std::make_shared<const ImageStore>(whole);
}

void EnhancerFiles::require(bool image) const {
  if (!own_ && (!encoder_ || encoder_->model_type() != "gemma3"))
    fail(Status::ComponentMissing,
         "prompt-enhancer is missing: {}. Set models.prompt_enhancer to a Gemma 3 folder.",
         encoder_ ? fmt::format("the text encoder '{}' is a '{}', which cannot rewrite prompts",
                                encoder_->path().string(), encoder_->model_type())
                  : std::string("no model was given that rewrites prompts"));
  if (image && !sees_)
    fail(Status::TensorMissing,
         "'{}': tensor '{}' is missing, which the prompt enhancer needs to look at request.images[0]. Set "
         "models.prompt_enhancer to a Gemma 3 folder with an image tower, or enhance the prompt without the "
         "image.",
         files().path().string(), kEye);
}

std::shared_ptr<const PromptEnhancer> EnhancerFiles::build(const quant::Source& source) const {
  auto made = std::make_shared<PromptEnhancer>();
  const auto path = files().path().string();
  if (own_) made->model.emplace(*own_, source);
  if (sees_) {
    const auto hidden = text::GemmaConfig::parse(files().config(), path).hidden;
    made->tower.emplace(text::VisionConfig::parse(files().config(), hidden, path), source);
  }
  return made;
}

}  // namespace ltx::pipelines
