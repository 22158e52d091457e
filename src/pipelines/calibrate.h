// A calibration run: generations that nobody looks at, except at the inputs of their linear layers.
#pragma once
#include "engine/engine.h"
#include "quant/calibration.h"

namespace ltx::pipelines {

/// Maxima of the transformer's blocks; text networks run on the same thread and are not calibrated.
class TransformerMaxima final : public quant::LinearObserver {
 public:
  void ran(const std::string& layer, const at::Tensor& x, const at::Tensor& /*y*/) override {
    if (layer.starts_with("transformer_blocks.")) recorder_.record(layer, x);
  }
  quant::Calibration result() const { return recorder_.result(); }

 private:
  quant::Recorder recorder_;
};

/// Reports the work of request `index` of `count` as a step of the calibration.
class CalibrationSink final : public engine::Sink {
 public:
  CalibrationSink(engine::Sink& outer, int32_t index, int32_t count)
      : outer_(outer), index_(index), count_(count) {}

  void progress(const Progress& p) override {
    Progress step = p;
    step.phase = Phase::Calibrate;
    step.stage = index_ + 1;
    step.stage_count = count_;
    if (p.phase != Phase::Denoise) step.step = step.step_count = 0;
    outer_.progress(step);
  }
  void log(LogLevel level, std::string_view source, std::string_view message) override {
    outer_.log(level, source, message);
  }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  engine::Sink& outer_;
  int32_t index_, count_;
};

}  // namespace ltx::pipelines
