// diffusion.tools: shapes, frame counts, parameter sets, the frame-rate canvas.
#include "diffusion.h"
#include "diffusion/canvas.h"
#include "diffusion/parameters.h"
#include "latents/frames.h"
#include "latents/geometry.h"
#include "weights/model_version.h"

namespace ltx::golden {
namespace {

using nlohmann::json;

latents::ScaleFactors scale_factors_of(const json& item) {
  if (!item.contains("scale_factors") || item["scale_factors"].is_null()) return {};
  const auto& factors = item["scale_factors"];
  return {factors[0].get<int64_t>(), factors[1].get<int64_t>(), factors[2].get<int64_t>()};
}

void add_parameters(const diffusion::GenerationDefaults& p, const std::string& id, Results& results) {
  const auto guider = [](const diffusion::GuiderParams& g) {
    return doubles(
        {g.cfg_scale, g.stg_scale, g.rescale_scale, g.modality_scale, static_cast<double>(g.skip_step)});
  };
  const auto f = [](auto value) { return static_cast<double>(value); };
  results.tensors[id + ".params"] =
      doubles({f(p.seed), f(p.stage_1_height), f(p.stage_1_width), f(p.stage_2_height()),
               f(p.stage_2_width()), f(p.frames), p.frame_rate, f(p.steps), f(p.image_crf)});
  results.tensors[id + ".video_guider"] = guider(p.video);
  results.tensors[id + ".audio_guider"] = guider(p.audio);
  results.tensors[id + ".video_stg_blocks"] = integers(p.video.stg_blocks);
  results.tensors[id + ".audio_stg_blocks"] = integers(p.audio.stg_blocks);
}

void add_dfr(const json& item, const std::string& kind, const std::string& id, Results& results) {
  if (kind == "dfr_canvas") {
    const auto canvas = diffusion::keyframe_canvas(item.at("num_frames").get<int64_t>());
    std::vector<int64_t> all = {canvas.frames, canvas.segment};
    all.insert(all.end(), canvas.positions.begin(), canvas.positions.end());
    results.tensors[id] = integers(all);
    return;
  }
  const auto tiles =
      diffusion::temporal_tiles(item.at("seams").get<std::vector<int64_t>>(),
                                item.at("num_frames").get<int64_t>(), item.at("num_tiles").get<int64_t>());
  for (size_t k = 0; k < tiles.size(); ++k) {
    const auto& t = tiles[k];
    const auto name = id + "." + std::to_string(k);
    results.tensors[name + ".range"] =
        integers({t.pixel_start, t.pixel_end, t.latent_start, t.latent_end, t.dropped_prefix});
    results.tensors[name + ".anchors"] = integers(t.anchors);
    results.tensors[name + ".slots"] = integers(t.slots);
  }
}

void add(const Case& c, const json& item, Results& results) {
  const auto id = item.at("id").get<std::string>(), kind = item.at("kind").get<std::string>();
  auto& tensors = results.tensors;
  const auto integer = [&](const char* name) { return item.at(name).get<int64_t>(); };
  if (kind == "video_latent_shape") {
    const auto shape =
        latents::video_latent_shape(integer("batch"), integer("frames"), integer("height"), integer("width"),
                                    integer("channels"), scale_factors_of(item));
    tensors[id] = integers(shape.sizes());
    tensors[id + ".tokens"] = integers({shape.tokens()});
  } else if (kind == "video_pixel_shape") {
    const auto s = item.at("shape").get<std::vector<int64_t>>();
    tensors[id] =
        integers(latents::video_pixel_shape({s[0], s[1], s[2], s[3], s[4]}, scale_factors_of(item)));
  } else if (kind == "audio_latent_shape") {
    tensors[id] = integers(
        latents::audio_latent_shape_of_clip(integer("batch"), integer("frames"), item.at("fps").get<double>())
            .sizes());
  } else if (kind == "audio_latent_shape_from_duration") {
    const latents::AudioTiming timing{field(item, "sample_rate", int64_t{16000}),
                                      field(item, "hop_length", int64_t{160}),
                                      field(item, "downsample", int64_t{4})};
    tensors[id] = integers(latents::audio_latent_shape(integer("batch"), item.at("duration").get<double>(),
                                                       timing, field(item, "channels", int64_t{8}),
                                                       field(item, "mel_bins", int64_t{16}))
                               .sizes());
  } else if (kind == "snap_frames") {
    std::vector<int64_t> snapped;
    for (const auto& frames : item.at("frames"))
      snapped.push_back(latents::snap_frames(frames.get<int64_t>()));
    tensors[id] = integers(snapped);
  } else if (kind == "seconds_to_frames") {
    std::vector<int64_t> frames;
    for (const auto& seconds : item.at("seconds"))
      frames.push_back(latents::frames_of_duration(seconds.get<double>(), item.at("frame_rate").get<double>(),
                                                   integer("min_frames"), integer("max_frames")));
    tensors[id] = integers(frames);
  } else if (kind == "keyframe_positions") {
    const auto& keyframes = item.at("keyframes");
    tensors[id] =
        integers(keyframes.is_array()
                     ? latents::sorted_keyframes(keyframes.get<std::vector<int64_t>>(), integer("num_frames"))
                     : latents::evenly_spaced_keyframes(keyframes.get<int64_t>(), integer("num_frames")));
  } else if (kind == "scale_factors") {
    const auto scale = latents::scale_factors_of_vae(item.at("config"));
    tensors[id] = integers({scale.time, scale.height, scale.width});
  } else if (kind == "model_version") {
    const auto version = weights::parse_generation_version(item.at("version").get<std::string>());
    tensors[id + ".version"] = integers(version);
    add_parameters(diffusion::generation_defaults(version), id, results);
  } else if (kind == "hq_params") {
    add_parameters(diffusion::hq_defaults(), id, results);
  } else if (kind == "resolution") {
    latents::check_resolution(integer("height"), integer("width"), item.at("two_stage").get<bool>());
  } else if (kind == "conform_latent") {
    tensors[id] = latents::fit_latent(tensor_of(c, item, "latent"), integer("frames"));
  } else if (kind == "temporal_subsample") {
    tensors[id] = latents::subsample_frames(tensor_of(c, item, "video"), integer("factor"));
  } else if (kind == "dfr_canvas" || kind == "dfr_tiles") {
    add_dfr(item, kind, id, results);
  } else {
    throw std::runtime_error("unknown kind '" + kind + "'");
  }
}

Results tools(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) run_item(item, [&] { add(c, item, results); });
  return results;
}

}  // namespace

void register_diffusion_tools(Registry& registry) {
  registry["diffusion.tools"] = tools;
}

}  // namespace ltx::golden
