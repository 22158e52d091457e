// Group media: files to tensors, tensor and frame rules.
#include "media/tensors.h"

#include <cmath>
#include <cstring>

#include "golden.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/video_reader.h"

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
  return {{{"rgb", rgb_of(media::read_image(file_of(c)))}}, {}};
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
                      sink);
  } else {
    media::IndexWindow window{c.param<int64_t>("starting_frame", 0), std::nullopt};
    if (const auto cap = c.param<int64_t>("frame_cap", -1); cap >= 0) window.count = cap;
    media::read_video(file_of(c), window, sink);
  }
  const auto info = media::probe_video(file_of(c));
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
  return {{{"latent", media::conform_latent(c.input("latent"), c.params.at("frames"))}}, {}};
}

Results reference_subsample(const Case& c) {
  return {{{"video", media::reference_subsample(c.input("video"), c.params.at("temporal_scale_factor"))}},
          {}};
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
}

}  // namespace ltx::golden
