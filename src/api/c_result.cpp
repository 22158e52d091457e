// Exported functions: results.
#include "api/backend.h"
#include "api/from_c.h"
#include "api/handles.h"
#include "api/job.h"
#include "api/pixels.h"
#include "api/structs.h"
#include "base/error.h"
#include "ltx_c.h"

namespace ltx::api {
namespace {

std::shared_ptr<Result> result_of(const ltx_result* handle) {
  return HandleTable::instance().get<Result>(handle);
}

const engine::Pixels& frames_of(const Result& result) {
  if (result.clip.video.frame_count == 0)
    fail(Status::Unsupported,
         "the result has no frames: none were kept, or the recipe makes none. Set output.keep_frames.");
  return result.clip.video;
}

const engine::Samples& samples_of(const Result& result) {
  if (result.clip.audio.sample_count == 0)
    fail(Status::Unsupported,
         "the result has no samples: none were kept, or the recipe makes none. Set output.keep_frames.");
  return result.clip.audio;
}

}  // namespace
}  // namespace ltx::api

using namespace ltx::api;
namespace engine = ltx::engine;

ltx_status ltx_result_video(const ltx_result* result, ltx_video_buffer* out_video) noexcept {
  return guard([&] {
    Out<ltx_video_buffer> out(out_video, "out_video");
    out.write(view_of(frames_of(*result_of(result))));
  });
}

ltx_status ltx_result_audio(const ltx_result* result, ltx_audio_buffer* out_audio) noexcept {
  return guard([&] {
    Out<ltx_audio_buffer> out(out_audio, "out_audio");
    out.write(view_of(samples_of(*result_of(result))));
  });
}

ltx_status ltx_result_stats(const ltx_result* result, ltx_stats* out_stats) noexcept {
  return guard([&] {
    Out<ltx_stats> out(out_stats, "out_stats");
    out.write(result_of(result)->stats);
  });
}

ltx_status ltx_result_copy_frames(const ltx_result* result, int32_t first_frame, int32_t frame_count,
                                  const ltx_video_buffer* target) noexcept {
  return guard([&] {
    const std::shared_ptr<Result> own = result_of(result);
    copy_to(frames_of(*own), first_frame, frame_count, read(target, "target"), "target");
  });
}

ltx_status ltx_result_save(const ltx_result* result, const ltx_output* output, ltx_event_fn on_event,
                           void* user_data) noexcept {
  return guard([&] {
    const std::shared_ptr<Result> own = result_of(result);
    const engine::OutputOptions options = output_from(output, "output");
    const bool latents = options.path.ends_with(".safetensors");
    if (!latents && own->clip.video.frame_count == 0) samples_of(*own);
    JobSpec spec;
    spec.function = "ltx_result_save";
    spec.body = [own, options, latents](JobSink& sink) {
      if (latents) {
        save_latents(*own, options.path);
        return nullptr;
      }
      engine::Clip clip = own->clip;
      const engine::PixelFormat format = clip.video.format;
      if (format == engine::PixelFormat::Rgba8) clip.video = convert(clip.video, engine::PixelFormat::Rgb8);
      if (format == engine::PixelFormat::RgbF16)
        clip.video = convert(clip.video, engine::PixelFormat::RgbF32);
      backend().save_clip(clip, options, sink);
      return nullptr;
    };
    Job::run(std::move(spec), on_event, user_data);
  });
}
