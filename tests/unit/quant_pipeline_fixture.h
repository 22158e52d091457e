// The smallest pipeline whose layers every number format can hold (spec 08 §25), and a LoRA for it.
#pragma once
#include <ATen/CPUGeneratorImpl.h>

#include <string>
#include <vector>

#include "pipelines/factory.h"
#include "pipelines_fixture.h"
#include "weights/store.h"

namespace ltx::test {

inline engine::PipelineParams wide_model(engine::QuantPolicy policy) {
  engine::PipelineParams params;
  params.kind = engine::PipelineKind::Distilled;
  params.device_type = engine::DeviceType::Cpu;
  params.models.root = LTX_BINARY_DIR "/default-model-wide";
  params.quant = policy;
  return params;
}

/// An update of rank 4 for four layers of the first block.
inline void write_lora(const std::string& path, double deviation) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{7});
  const auto factor = [&](int64_t rows, int64_t columns) {
    return at::normal(0, deviation, {rows, columns}, generator, at::TensorOptions(at::kFloat))
        .to(at::kBFloat16);
  };
  std::map<std::string, at::Tensor> tensors;
  for (const auto* layer : {"attn1.to_q", "attn1.to_k", "attn2.to_v", "attn1.to_out.0"}) {
    const auto name = std::string("diffusion_model.transformer_blocks.0.") + layer;
    tensors[name + ".lora_A.weight"] = factor(4, 256);
    tensors[name + ".lora_B.weight"] = factor(256, 4);
  }
  weights::save_tensors(path, tensors);
}

class LoggingSink : public KeepingSink {
 public:
  void log(LogLevel level, std::string_view, std::string_view message) override {
    if (level >= LogLevel::Warning) logs.emplace_back(message);
  }
  std::vector<std::string> logs;
};

struct WideRun {
  std::vector<float> video, audio;
  std::vector<std::string> logs;  // warnings
};

/// A clip of three steps in all, from a pipeline of its own.
inline WideRun run_wide(const engine::PipelineParams& params) {
  const auto engine = pipelines::make_engine(params);
  LoggingSink sink;
  const auto output = engine->generate(engine->resolve(small_request(params.kind)), sink);
  return {output.video_latent.values, output.audio_latent.values, sink.logs};
}

}  // namespace ltx::test
