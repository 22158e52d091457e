// Frames between the pixel formats of the C API, and in and out of buffers with strides.
#pragma once
#include "engine/media.h"
#include "ltx_c.h"

namespace ltx::api {

/// The same frames in another format; shares the data where the format is already that one. Grey is
/// replicated into three channels and never made from them; an alpha channel is dropped, or added as opaque.
engine::Pixels convert(const engine::Pixels& pixels, engine::PixelFormat format);

/// Writes `count` frames from `first` on into the client's buffer, in its format. Throws InvalidArgument;
/// `path` names the buffer.
void copy_to(const engine::Pixels& pixels, int32_t first, int32_t count, const ltx_video_buffer& target,
             const char* path);

/// The client's frames, tight. The buffer has been validated.
engine::Pixels copy_from(const ltx_video_buffer& buffer);

/// Bytes that a buffer of these sizes and strides (0: tight) spans; fills the strides in. Throws
/// InvalidArgument.
uint64_t span_of(ltx_video_buffer& buffer, const std::string& path);

/// A view as the C API shows it.
ltx_video_buffer view_of(const engine::Pixels& pixels);
ltx_audio_buffer view_of(const engine::Samples& samples);

}  // namespace ltx::api
