// How long-running work talks to whoever started it: progress, log lines, and the question whether to go on.
#pragma once
#include <cstdint>
#include <string_view>

namespace ltx {

/// What a progress report counts; the numbers are those of LTX_PHASE_*.
enum class Phase : int32_t {
  None = 0,
  Load = 1,
  Enhance = 2,
  Text = 3,
  Condition = 4,
  Denoise = 5,
  Upsample = 6,
  Decode = 7,
  Encode = 8,
  Convert = 9,
  Calibrate = 10,
};

enum class LogLevel : int32_t { Debug = 1, Info = 2, Warning = 3, Error = 4, Off = 5 };

/// A position within the work. Stages and steps count from 1; 0 means "not counted here".
struct Progress {
  Phase phase = Phase::None;
  int32_t stage = 0, stage_count = 0;
  int32_t step = 0, step_count = 0;
  double sigma = 0;                          // noise level of the denoising step, else 0
  uint64_t bytes_done = 0, bytes_total = 0;  // of a load
};

/// Passed by reference to everything that takes longer than a moment. Called on the working thread.
class Monitor {
 public:
  virtual ~Monitor() = default;

  virtual void progress(const Progress&) {}
  virtual void log(LogLevel, std::string_view /*source*/, std::string_view /*message*/) {}
  virtual bool cancelled() const { return false; }

  /// Throws Error(Status::Cancelled) if the caller asked to stop. Called before every transformer block, text
  /// layer, VAE tile, encoded frame and 64 MiB of reading; costs one virtual call.
  void checkpoint() const;

  /// A monitor that listens to nothing, for tests and tools.
  static Monitor& silent();
};

}  // namespace ltx
