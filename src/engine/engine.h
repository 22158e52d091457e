// The seam between the C API and everything that knows tensors. The C API (handles, jobs, events, threads)
// drives this class and nothing else, so that it runs under ThreadSanitizer with a toy engine; the real one
// is made by pipelines::make_engine.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/monitor.h"
#include "engine/media.h"
#include "engine/params.h"
#include "engine/request.h"

namespace ltx::engine {

/// A share of a call's duration, in any unit that all shares have in common.
struct PlannedWork {
  Phase phase = Phase::None;
  int32_t stage = 0;  // as in Progress
  double weight = 1;
};

/// Where a running call reports to and delivers. All methods are called on the thread that runs the call;
/// frames() and audio() wait while the reader is behind and throw Error(Status::Cancelled) if the call is
/// cancelled meanwhile.
class Sink : public Monitor {
 public:
  /// The phases to come, in order, before the first progress report: `fraction` is computed from it and from
  /// what the reports count (steps if step_count > 0, else bytes). A phase that returns (LOAD before each
  /// network) is listed each time.
  virtual void plan(const std::vector<PlannedWork>&) {}

  /// False if nobody will look: then decoding for the sink alone is needless.
  virtual bool wants_frames() const { return false; }
  virtual bool wants_audio() const { return false; }

  /// Consecutive frames of the clip, in order: Rgb8 where the request's pixel format has 8 bits, else RgbF32.
  virtual void frames(const Pixels&) {}
  /// The whole track, or consecutive parts of it.
  virtual void audio(const Samples&) {}
};

struct Latent {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// What remains of a generation besides frames and samples. Durations are taken by the C API from the
/// progress reports (a phase lasts until the next one is reported), the checksum from the latents.
struct Output {
  Latent video_latent, audio_latent;  // final; empty where the recipe has none
  std::string metadata;               // JSON for Clip::metadata
  int32_t width = 0, height = 0;      // of the frames, pixels; 0: as the request says, or no frames
  uint64_t peak_device_bytes = 0, predicted_device_bytes = 0;
  uint64_t peak_host_bytes = 0, predicted_host_bytes = 0;
  uint64_t disk_bytes_read = 0;
};

/// A prompt as a language model rewrote it.
struct EnhancedPrompt {
  std::string text;
  uint64_t seed = 0;        // that it was drawn with
  int32_t token_count = 0;  // of the model's reply, its end token included
  bool from_image = false;  // the model saw the first image
  bool complete = true;     // false: cut at the longest reply
};

struct ComponentState {
  Component component = Component::All;
  Residency residency = Residency::Auto;
  QuantPolicy quant = QuantPolicy::None;
  bool on_device = false, shared = false;
  uint64_t device_bytes = 0, host_bytes = 0, file_bytes = 0;
};

struct MemoryUse {
  uint64_t device_bytes = 0, host_bytes = 0;
};

/// A recipe with its files. Made from file headers only; weights are loaded by the call that needs them
/// first. Errors are thrown as ltx::Error. The calls marked X never overlap; the const ones may run on any
/// thread beside them and each other.
class Engine {
 public:
  virtual ~Engine() = default;

  /// The policies and the placement after AUTO was decided, the device with its index.
  virtual PipelineParams params() const = 0;

  /// Files, formats chosen, plan, warnings, unused tensors; a JSON object without the member "schema".
  virtual std::string info_json() const = 0;

  /// `All` sums up. Throws Unsupported for a component that the recipe does not have.
  virtual ComponentState component(Component component) const = 0;

  /// Validates everything that can be validated without weights (sizes, counts, output path, media headers)
  /// and fills in every default. Fields that the recipe does not use or that are not built are refused before
  /// (rules.h). Const and repeatable: a resolved request resolves to itself.
  virtual Request resolve(const Request& request) const = 0;

  /// X. Runs a resolved request; where `output.path` is set the file is written, too.
  virtual Output generate(const Request& resolved, Sink& sink) = 0;

  /// X. Writes the embeddings of `prompt` (and `negative_prompt` where the recipe is guided); only the text
  /// fields are looked at.
  virtual void encode_text(const Request& request, const std::string& path, Sink& sink) = 0;

  /// X. Rewrites `prompt`, with a look at the first of `images`; besides them only the seeds are looked at.
  virtual EnhancedPrompt enhance_prompt(const Request& request, Sink& sink) = 0;

  /// X. Runs resolved requests without decoding, measures the largest activation of every layer of the
  /// transformer and writes the calibration file (spec 08 §6.4).
  virtual void calibrate(const std::vector<Request>& resolved, const std::string& path, Sink& sink) = 0;

  /// X. Loads now what would be loaded at first use; lets go of it (cached memory back to the driver).
  virtual void preload(Component component, Sink& sink) = 0;
  virtual void evict(Component component) = 0;

  /// Called with every progress report, on the working thread.
  virtual MemoryUse memory_use() const { return {}; }
};

}  // namespace ltx::engine
