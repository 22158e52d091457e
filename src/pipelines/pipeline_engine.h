// The engine behind the C API: a recipe, its components and what survives between calls.
#pragma once
#include "diffusion/noise.h"
#include "engine/engine.h"
#include "pipelines/components.h"
#include "pipelines/prompt_cache.h"
#include "pipelines/resolve.h"

namespace ltx::pipelines {

class Observer;

class PipelineEngine final : public engine::Engine {
 public:
  explicit PipelineEngine(const engine::PipelineParams& params);
  ~PipelineEngine() override;

  engine::PipelineParams params() const override { return params_; }
  std::string info_json() const override;
  engine::ComponentState component(engine::Component component) const override {
    return components_.state(component);
  }
  engine::Request resolve(const engine::Request& request) const override;
  engine::Output generate(const engine::Request& resolved, engine::Sink& sink) override;
  void encode_text(const engine::Request& request, const std::string& path, engine::Sink& sink) override;
  engine::EnhancedPrompt enhance_prompt(const engine::Request& request, engine::Sink& sink) override;
  void calibrate(const std::vector<engine::Request>& resolved, const std::string& path,
                 engine::Sink& sink) override;
  void preload(engine::Component component, engine::Sink& sink) override;
  void evict(engine::Component component) override;
  engine::MemoryUse memory_use() const override;

  /// generate() with a source of noise and an observer of the caller's: what tests feed and see.
  engine::Output generate_with(const engine::Request& resolved, diffusion::NoiseSource& noise,
                               engine::Sink& sink, Observer* observer);

 private:
  std::vector<engine::PlannedWork> plan(const engine::Request& resolved) const;
  std::vector<engine::PlannedWork> plan_enhancement(const engine::Request& request) const;

  engine::PipelineParams params_;
  RecipeTraits traits_;
  Components components_;
  ModelFacts facts_;
  PromptCache prompts_;
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace ltx::pipelines
