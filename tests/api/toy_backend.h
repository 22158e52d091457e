// A recipe without torch, for everything about the C API that is not about models. The prompt is its script:
// words "key=value", for example "chunks=4 delay=2 logs=3 fail=73".
#pragma once
#include <atomic>
#include <map>
#include <string>

#include "api/backend.h"

namespace ltx::toy {

/// What the tests look at from outside.
struct Probe {
  std::atomic<int> engines{0};      // alive
  std::atomic<int> runs{0};         // in generate() at this moment
  std::atomic<int> chunks_sent{0};  // frames delivered to the sink since the last reset
  std::atomic<int> checkpoints{0};
};
Probe& probe();

/// "key=value" words.
std::map<std::string, std::string> parse_script(const std::string& prompt);

class Engine final : public engine::Engine {
 public:
  explicit Engine(const engine::PipelineParams& params);
  ~Engine() override;

  engine::PipelineParams params() const override { return params_; }
  std::string info_json() const override { return R"({"recipe":"toy"})"; }
  engine::ComponentState component(engine::Component component) const override;
  engine::Request resolve(const engine::Request& request) const override;
  engine::Output generate(const engine::Request& resolved, engine::Sink& sink) override;
  void encode_text(const engine::Request& request, const std::string& path, engine::Sink& sink) override;
  engine::EnhancedPrompt enhance_prompt(const engine::Request& request, engine::Sink& sink) override;
  void calibrate(const std::vector<engine::Request>& resolved, const std::string& path,
                 engine::Sink& sink) override;
  void preload(engine::Component component, engine::Sink& sink) override;
  void evict(engine::Component component) override;
  engine::MemoryUse memory_use() const override { return {1000, 2000}; }

 private:
  engine::PipelineParams params_;
  std::atomic<bool> loaded_{false};
};

}  // namespace ltx::toy
