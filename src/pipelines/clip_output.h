// Where decoded frames go while they come in: the file of the request and whoever watches the call.
#pragma once
#include <ATen/ATen.h>

#include <optional>

#include "engine/engine.h"
#include "media/movie_writer.h"
#include "pipelines/source_media.h"

namespace ltx::pipelines {

struct FrameSize {
  int32_t width = 0, height = 0;  // pixels
};

/// Takes the sound first (a file's sound is encoded before its first frame), then the frames in order.
class ClipOutput {
 public:
  /// Without a size there is sound alone. `metadata` is embedded in the file where the request asks for it.
  ClipOutput(const engine::Request& resolved, const std::optional<FrameSize>& size, DecodedAudio audio,
             const std::string& metadata, engine::Sink& sink);

  /// chunk [f, h, w, 3] in [0, 1], any floating dtype and device.
  void write(const at::Tensor& chunk);
  /// The file appears under its name.
  void finish();
  int64_t frames() const { return frames_; }

 private:
  void deliver(const at::Tensor& chunk);

  const engine::Request& request_;
  DecodedAudio audio_;
  engine::Sink& sink_;
  std::optional<media::MovieWriter> writer_;
  int64_t frames_ = 0;
};

}  // namespace ltx::pipelines
