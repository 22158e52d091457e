// Golden cases of the group video_vae.
#include "base/error.h"
#include "golden.h"
#include "media/tensors.h"
#include "models/upsampler/upsampler.h"
#include "models/video_vae/auto_tiling.h"
#include "models/video_vae/decoder.h"
#include "models/video_vae/encoder.h"
#include "models/video_vae/frames.h"
#include "models/video_vae/layout.h"
#include "weights/checkpoint.h"

namespace ltx::golden {
namespace {

using nlohmann::json;
using weights::Component;

quant::Source source(const weights::Part& part, const Case& c) {
  return {part.view, device(), c.compute_dtype};
}

template <class Sizes, class Axis>
Sizes three_axes(const json& tiling) {
  const auto axis = [&](const char* name) { return Axis{tiling.at(name).at(0), tiling.at(name).at(1)}; };
  return {axis("frames"), axis("height"), axis("width")};
}

video_vae::Tiling tiling_of(const json& tiling) {
  if (tiling.is_null()) return video_vae::Untiled{};
  if (tiling.at("type") == "size") return three_axes<video_vae::TileSizes, video_vae::AxisSize>(tiling);
  return three_axes<video_vae::TileCounts, video_vae::AxisCount>(tiling);
}

video_vae::Tiling tiling_of(const Case& c) {
  return tiling_of(c.params.value("tiling", json()));
}

at::Tensor numbers(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong);
}

Results decode(const Case& c) {
  const auto part = weights::Checkpoint(c.weight("checkpoint")).open(Component::VideoDecoder);
  const video_vae::VideoDecoder decoder(source(part, c),
                                        video_vae::DecoderConfig::parse(part.config, part.file));
  int64_t draws = 0;
  const video_vae::NoiseSource noise = [&](at::IntArrayRef shape, const at::TensorOptions& options) {
    const auto values = c.input("noise." + std::to_string(draws++));
    if (values.sizes() != shape) throw std::runtime_error("draw of an unexpected shape");
    return values.to(options.dtype());
  };
  std::vector<at::Tensor> chunks;
  std::vector<int64_t> lengths;
  decoder.decode_tiled(
      c.input("latent").to(c.compute_dtype), tiling_of(c), Monitor::silent(),
      [&](const at::Tensor& frames) {
        chunks.push_back(frames);
        lengths.push_back(frames.size(0));
      },
      noise);
  if (draws != c.param<int64_t>("noise_count", 0)) throw std::runtime_error("unexpected number of draws");
  auto frames = at::cat(chunks);
  if (const auto every = c.param<std::vector<int64_t>>("subsample", {}); !every.empty())
    for (int64_t axis = 0; axis < 3; ++axis)
      frames = frames.slice(axis, 0, std::nullopt, every[static_cast<size_t>(axis)]);
  return {{{"frames", frames.to(at::kFloat)}, {"chunk_lengths", numbers(lengths)}}, json::object()};
}

Results encode(const Case& c) {
  const auto part = weights::Checkpoint(c.weight("checkpoint")).open(Component::VideoEncoder);
  const video_vae::VideoEncoder encoder(source(part, c),
                                        video_vae::EncoderConfig::parse(part.config, part.file));
  const auto pixels = video_vae::from_uint8(c.input("video_u8")).to(c.compute_dtype);
  const auto latent = c.component == "video_vae.encode"
                          ? encoder.encode(pixels)
                          : encoder.encode_tiled(pixels, tiling_of(c), Monitor::silent());
  return {{{"latent", latent.to(at::kFloat)}}, json::object()};
}

Results upsample(const Case& c) {
  const auto slot = c.has_weight("spatial_upsampler") ? "spatial_upsampler" : "temporal_upsampler";
  const auto part = weights::Checkpoint(c.weight(slot)).open(Component::Upsampler);
  const upsampler::Upsampler model(source(part, c),
                                   upsampler::UpsamplerConfig::parse(part.config, part.file));
  const weights::Checkpoint vae(c.weight("checkpoint"));
  const auto half = vae.has(Component::VideoEncoder) ? Component::VideoEncoder : Component::VideoDecoder;
  const nn::ChannelStatistics statistics(source(vae.open(half), c), model.config().in_channels);
  const auto latent = model.upsample(c.input("latent").to(c.compute_dtype), statistics);
  return {{{"latent", latent.to(at::kFloat)}}, json::object()};
}

Results to_uint8(const Case& c) {
  const auto frames = video_vae::to_unit_range(c.input("raw"));
  return {{{"frames", frames},
           {"rgb24", media::to_rgb8(frames, media::CodeRounding::Reference)},
           {"yuv420p", media::to_i420(frames, media::CodeRounding::Reference)}},
          json::object()};
}

void put_axis(Results& results, const std::string& prefix, const video_vae::AxisTiles& tiles) {
  std::vector<int64_t> in, out;
  std::vector<at::Tensor> masks;
  for (const auto& tile : tiles) {
    in.insert(in.end(), {tile.in.start, tile.in.end});
    out.insert(out.end(), {tile.out.start, tile.out.end});
    masks.push_back(tile.mask);
  }
  results.tensors[prefix + ".in"] = numbers(in).view({-1, 2});
  results.tensors[prefix + ".out"] = numbers(out).view({-1, 2});
  results.tensors[prefix + ".mask"] = at::cat(masks);
}

video_vae::TileLayout layout_of(const json& plan) {
  const auto tiling = tiling_of(plan.value("tiling", json()));
  const auto& g = plan.at("grid");
  const video_vae::Grid grid{g.at(0), g.at(1), g.at(2)};
  if (plan.at("kind") == "diffusion_decode") return video_vae::diffusion_decode_layout(tiling, grid);
  const auto& s = plan.at("scale");
  const video_vae::ScaleFactors scale{s.at(0), s.at(1), s.at(2)};
  return plan.at("kind") == "conv_decode" ? video_vae::conv_decode_layout(tiling, grid, scale)
                                          : video_vae::conv_encode_layout(tiling, grid, scale);
}

Results tile_layout(const Case& c) {
  Results results;
  size_t i = 0;
  for (const auto& plan : c.params.at("plans")) {
    const auto layout = layout_of(plan);
    const auto prefix = "p" + std::to_string(i++);
    put_axis(results, prefix + ".t", layout.time);
    put_axis(results, prefix + ".h", layout.height);
    put_axis(results, prefix + ".w", layout.width);
    results.tensors[prefix + ".complementary"] = numbers({layout.complementary ? 1 : 0});
    results.tensors[prefix + ".num_tiles"] = numbers({layout.tile_count()});
  }
  return results;
}

std::vector<int64_t> auto_tiling_of(const json& request, int64_t model_bytes) {
  const int64_t height = request.at("height"), width = request.at("width");
  video_vae::TileSizes sizes;
  if (request.at("decoder") == "conv") {
    sizes = video_vae::auto_conv_tiling(height, width);
  } else {
    const video_vae::DiffusionBudget budget{
        request.at("free_bytes"), model_bytes,
        video_vae::diffusion_mode_named(request.at("mode").get<std::string>())};
    try {
      sizes = video_vae::auto_diffusion_tiling(height, width, request.at("frames"), budget);
    } catch (const Error& error) {
      if (error.status() != Status::OutOfDeviceMemory) throw;
      return {-1, -1, -1, -1, -1, -1};
    }
  }
  return {sizes.frames.tile,    sizes.frames.overlap, sizes.height.tile,
          sizes.height.overlap, sizes.width.tile,     sizes.width.overlap};
}

Results auto_tiling(const Case& c) {
  std::vector<int64_t> rows;
  for (const auto& request : c.params.at("requests")) {
    const auto row = auto_tiling_of(request, c.param<int64_t>("model_bytes", 0));
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return {{{"tiling", numbers(rows).view({-1, 6})}}, json::object()};
}

}  // namespace

void register_video_vae(Registry& registry) {
  registry["video_vae.decode"] = decode;
  registry["video_vae.decode_tiled"] = decode;
  registry["video_vae.encode"] = encode;
  registry["video_vae.encode_tiled"] = encode;
  registry["video_vae.to_uint8"] = to_uint8;
  registry["video_vae.tile_layout"] = tile_layout;
  registry["video_vae.auto_tiling"] = auto_tiling;
  registry["upsampler.spatial_x2"] = upsample;
  registry["upsampler.spatial_x1_5"] = upsample;
  registry["upsampler.temporal_x2"] = upsample;
}

}  // namespace ltx::golden
