// Frames as tensors (spec 07 §6.8, §8.1.1, §9). A target of its own, ltx_media_tensors, because the rest of
// the room knows no torch: whoever only reads and writes files does not compile the tensor headers.
#pragma once
#include <ATen/ATen.h>

#include <filesystem>
#include <variant>

#include "media/audio_reader.h"
#include "media/image.h"
#include "media/video_reader.h"

namespace ltx::media {

/// Where the resized picture lies before the centre crop (spec 07 §8.1.1).
struct CropPlan {
  int64_t resized_height = 0, resized_width = 0, top = 0, left = 0;
};
CropPlan plan_resize_and_crop(int64_t height, int64_t width, int64_t target_height, int64_t target_width);

/// Bilinear, half-pixel centres, no antialiasing, then centre crop: [F, h, w, 3] of any real dtype → fp32 [1,
/// 3, F, H, W], values unchanged (0 … 255 for 8-bit frames).
at::Tensor resize_and_crop(const at::Tensor& frames, int64_t height, int64_t width);

/// x / 127.5 − 1 in fp32, then `dtype`.
at::Tensor normalized(const at::Tensor& resized, at::ScalarType dtype);

/// Wraps the pixels without a copy: uint8 [1, h, w, 3], valid as long as the image.
at::Tensor as_tensor(const Image& image);

/// An image condition [1, 3, 1, H, W] in [−1, 1]; the CRF pass comes first, see recompressed().
at::Tensor condition_image(const Image& image, int64_t height, int64_t width, at::Device device,
                           at::ScalarType dtype = at::kBFloat16);

/// A video condition [1, 3, F, H, W] in [−1, 1], each frame converted as it is decoded. Throws
/// InvalidArgument if the window holds no frame, and as read_video.
at::Tensor condition_video(const std::filesystem::path& path,
                           const std::variant<IndexWindow, TimeWindow>& window, int64_t height, int64_t width,
                           at::Device device, at::ScalarType dtype = at::kBFloat16,
                           Monitor& monitor = Monitor::silent(), Holding holding = Holding::AsShown);

/// fp32 [1, channels, samples], a copy.
at::Tensor as_tensor(const Audio& audio);

/// The two channels of a sound track, fp32 [2, N] in host memory: from [2, N] or [N, 2], where [2, 2] is read
/// as [N, 2] (spec 07 §9.2). Throws InvalidArgument for any other shape and for an empty one.
at::Tensor stereo(const at::Tensor& waveform);

/// A mask video [1, 3, F, H, W] in [−1, 1] → [1, 1, F, H, W] in [0, 1].
at::Tensor mask_from_video(const at::Tensor& video);

/// Mask [1, 1, F, H, W] → one value per reference token, [1, f·h·w]: area resize per frame, then the mean
/// over the frames of each latent frame. Throws InvalidArgument if (F − 1) is no multiple of (f − 1).
at::Tensor mask_to_tokens(const at::Tensor& mask, int64_t frames, int64_t height, int64_t width);

/// How frames become 8-bit codes: as the reference does, in the chunk's own dtype and truncated, or in fp32
/// and rounded.
enum class CodeRounding { Reference, Nearest };

/// Chunk [f, h, w, 3] in [0, 1] → uint8 [f, h·3/2, w] on the same device: Y rows, then U and V (BT.709,
/// limited range). Throws InvalidArgument for odd sizes.
at::Tensor to_i420(const at::Tensor& chunk, CodeRounding rounding);

/// Chunk [f, h, w, 3] in [0, 1] → uint8 of that shape.
at::Tensor to_rgb8(const at::Tensor& chunk, CodeRounding rounding);

}  // namespace ltx::media
