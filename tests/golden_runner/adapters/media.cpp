// Group media: files to tensors, tensor and frame rules.
#include "media/tensors.h"

#include <cmath>
#include <cstring>

#include "golden.h"
#include "latents/frames.h"
#include "latents/geometry.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/video_reader.h"
#include "models/video_vae/auto_tiling.h"

namespace ltx::golden {
namespace {

std::filesystem::path file_of(const Case& c) {
  return c.folder / c.params.at("file").get<std::string>();
}

media::Image image_of(const at::Tensor& rgb) {
  const auto tensor = rgb.contiguous();
  const auto* data = tensor.const_data_ptr<uint8_t>();
  return {static_cast<int>(rgb.size(1)), static_cast<int>(rgb.size(0)), {data, data + tensor.numel()}};
}

at::Tensor bytes(const std::vector<uint8_t>& data, at::IntArrayRef shape) {
  auto tensor = at::empty(shape, at::kByte);
  TORCH_CHECK(tensor.numel() == static_cast<int64_t>(data.size()), "size of a byte tensor");
  std::memcpy(tensor.mutable_data_ptr(), data.data(), data.size());
  return tensor;
}

at::Tensor rgb_of(const media::Image& image) {
  return media::as_tensor(image)[0].clone();
}

Results image_decode(const Case& c) {
  return {{{"rgb", rgb_of(media::read_image(file_of(c), Monitor::silent(), media::Holding::Reference))}}, {}};
}

Results image_preprocess(const Case& c) {
  const int64_t height = c.params.at("height"), width = c.params.at("width");
  const auto image = image_of(c.input("rgb"));
  return {{{"resized", media::resize_and_crop(media::as_tensor(image), height, width)},
           {"normalized", media::condition_image(image, height, width, at::kCPU, at::kFloat)},
           {"normalized_bf16",
            media::condition_image(image, height, width, at::kCPU, at::kBFloat16).to(at::kFloat)}},
          {}};
}

Results image_crf(const Case& c) {
  const auto done = media::recompress(image_of(c.input("rgb")), c.params.at("crf"));
  const int64_t h = done.image.height, w = done.image.width;
  Results results;
  results.tensors["compressed"] = rgb_of(done.image);
  results.tensors["conditioning"] =
      media::condition_image(done.image, c.params.at("height"), c.params.at("width"), at::kCPU, at::kFloat);
  if (done.i420_in.empty()) return results;
  const auto before = bytes(done.i420_in, {h * 3 / 2, w}), after = bytes(done.i420_out, {h * 3 / 2, w});
  const auto luma = [&](const at::Tensor& i420) { return i420.narrow(0, 0, h).to(at::kDouble); };
  const double error = (luma(before) - luma(after)).square().mean().item<double>();
  results.tensors["yuv_in"] = before;
  results.tensors["yuv_out"] = after;
  results.tensors["psnr_y"] = at::tensor({10 * std::log10(255.0 * 255.0 / error)}, at::kDouble);
  return results;
}

Results video_read(const Case& c) {
  std::vector<at::Tensor> frames;
  const media::FrameSink sink = [&](const media::FrameView& frame) {
    frames.push_back(bytes({frame.rgb.begin(), frame.rgb.end()}, {frame.height, frame.width, 3}));
  };
  if (c.params.at("mode") == "time") {
    media::read_video(file_of(c), media::TimeWindow{c.params.at("start_time"), c.params.at("max_duration")},
                      sink, Monitor::silent(), media::Holding::Reference);
  } else {
    media::IndexWindow window{c.param<int64_t>("starting_frame", 0), std::nullopt};
    if (const auto cap = c.param<int64_t>("frame_cap", -1); cap >= 0) window.count = cap;
    media::read_video(file_of(c), window, sink, Monitor::silent(), media::Holding::Reference);
  }
  const auto info = media::probe_video(file_of(c), Monitor::silent(), media::Holding::Reference);
  return {{{"frames", at::stack(frames)},
           {"shape", at::tensor({info.frame_count, int64_t{info.height}, int64_t{info.width}}, at::kLong)},
           {"fps", at::tensor({info.frame_rate}, at::kDouble)}},
          {}};
}

Results video_preprocess(const Case& c) {
  const auto resized = media::resize_and_crop(c.input("frames"), c.params.at("height"), c.params.at("width"));
  return {{{"video", media::normalized(resized, at::kFloat)}}, {}};
}

Results audio_read(const Case& c) {
  media::AudioWindow window;
  window.start_time = c.param<double>("start_time", 0);
  window.reference_parity = true;
  if (const auto duration = c.param<double>("max_duration", -1); duration >= 0)
    window.max_duration = duration;
  const auto audio = media::read_audio(file_of(c), window);
  TORCH_CHECK(audio, "no sound in the window");
  return {{{"waveform", media::as_tensor(*audio)},
           {"sampling_rate", at::tensor({int64_t{audio->sample_rate}}, at::kLong)}},
          {}};
}

Results conform_latent(const Case& c) {
  return {{{"latent", latents::fit_latent(c.input("latent"), c.params.at("frames"))}}, {}};
}

Results reference_subsample(const Case& c) {
  return {{{"video", latents::subsample_frames(c.input("video"), c.params.at("temporal_scale_factor"))}}, {}};
}

Results mask_to_tokens(const Case& c) {
  const std::vector<int64_t> latent = c.params.at("latent");
  return {{{"tokens", media::mask_to_tokens(c.input("mask"), latent.at(0), latent.at(1), latent.at(2))}}, {}};
}

Results frame_convert(const Case& c) {
  const auto chunk = c.input("chunk").to(dtype_named(c.params.at("dtype")));
  return {{{"i420", media::to_i420(chunk, media::CodeRounding::Reference)},
           {"rgb24", media::to_rgb8(chunk, media::CodeRounding::Reference)}},
          {}};
}

using Row = std::vector<double>;

/// One row of integers per row of the parameters.
template <class Function>
at::Tensor table(const Case& c, const char* rows, Function row_of) {
  std::vector<at::Tensor> table;
  for (const auto& row : c.params.at(rows)) table.push_back(at::tensor(row_of(row.get<Row>()), at::kLong));
  return at::stack(table);
}

Results geometry(const Case& c) {
  const int64_t height = c.params.at("height"), width = c.params.at("width");
  const auto video = [&](const Row& row) {
    const auto shape = latents::video_latent_shape(1, static_cast<int64_t>(row[0]), height, width);
    return std::vector<int64_t>{shape.frames, shape.height, shape.width};
  };
  const auto audio = [](const Row& row) {
    return std::vector{latents::audio_latent_shape_of_clip(1, static_cast<int64_t>(row[0]), row[1]).frames};
  };
  const auto snapped = [](const Row& row) {
    return std::vector{latents::snap_frames(static_cast<int64_t>(row[0]))};
  };
  return {{{"video_latent", table(c, "rows", video)},
           {"audio_frames", table(c, "rows", audio).squeeze(1)},
           {"snapped_frames", table(c, "rows", snapped).squeeze(1)}},
          {}};
}

Results auto_tiling(const Case& c) {
  const auto row = [](const Row& size) {
    const auto tiles =
        video_vae::auto_conv_tiling(static_cast<int64_t>(size[0]), static_cast<int64_t>(size[1]));
    return std::vector<int64_t>{tiles.frames.tile,    tiles.frames.overlap, tiles.height.tile,
                                tiles.height.overlap, tiles.width.tile,     tiles.width.overlap};
  };
  return {{{"tiling", table(c, "sizes", row)}}, {}};
}

Results duration_frames(const Case& c) {
  const double shortest = c.params.at("min_seconds"), longest = c.params.at("max_seconds");
  const auto frames = [&](const Row& row) {
    const auto whole = [&](double seconds) { return static_cast<int64_t>(std::nearbyint(seconds * row[1])); };
    return std::vector{latents::frames_of_duration(row[0], row[1], whole(shortest), whole(longest))};
  };
  return {{{"frames", table(c, "rows", frames).squeeze(1)}}, {}};
}

Results keyframe_positions(const Case& c) {
  const auto padded = [](const Row& row) {
    constexpr size_t kColumns = 9;
    auto positions =
        latents::evenly_spaced_keyframes(static_cast<int64_t>(row[0]), static_cast<int64_t>(row[1]));
    positions.resize(std::max(positions.size(), kColumns), -1);
    return positions;
  };
  return {{{"positions", table(c, "rows", padded)}}, {}};
}

}  // namespace

void register_media(Registry& registry) {
  registry["media.image_decode"] = image_decode;
  registry["media.image_preprocess"] = image_preprocess;
  registry["media.image_crf"] = image_crf;
  registry["media.video_read"] = video_read;
  registry["media.video_preprocess"] = video_preprocess;
  registry["media.audio_read"] = audio_read;
  registry["media.conform_latent"] = conform_latent;
  registry["media.reference_subsample"] = reference_subsample;
  registry["media.mask_to_tokens"] = mask_to_tokens;
  registry["media.frame_convert"] = frame_convert;
  registry["media.geometry"] = geometry;
  registry["media.auto_tiling"] = auto_tiling;
  registry["media.duration_frames"] = duration_frames;
  registry["media.keyframe_positions"] = keyframe_positions;
}

}  // namespace ltx::golden
