// diffusion.condition: conditioning items on initial states, finalization, attention weights, audio
// references.
#include "diffusion.h"
#include "diffusion/conditioning.h"
#include "latents/state.h"

namespace ltx::golden {

using nlohmann::json;

diffusion::Conditioning conditioning_of(const Case& c, const json& item) {
  const auto type = item.at("type").get<std::string>();
  const double strength = field(item, "strength", 1.0);
  if (type == "latent_index")
    return diffusion::ReplaceFrames{tensor_of(c, item, "latent"), strength,
                                    item.at("latent_idx").get<int64_t>()};
  if (type == "keyframe")
    return diffusion::KeyframeGuidance{tensor_of(c, item, "keyframes"), item.at("frame_idx").get<int64_t>(),
                                       strength, field(item, "num_pixel_frames", int64_t{1})};
  if (type == "reference_video")
    return diffusion::ReferenceVideo{tensor_of(c, item, "latent"),
                                     field(item, "downscale_factor", int64_t{1}),
                                     field(item, "temporal_scale_factor", int64_t{1}), strength};
  if (type == "mask")
    return diffusion::MaskedLatent{tensor_of(c, item, "latent"), tensor_of(c, item, "mask"), strength};
  if (type == "temporal_region")
    return diffusion::TemporalRegion{item.at("start_time").get<double>(), item.at("end_time").get<double>(),
                                     item.at("fps").get<double>()};
  if (type == "keyframe_slots")
    return diffusion::KeyframeSlots{item.at("pixel_frame_indices").get<std::vector<int64_t>>(),
                                    optional_tensor(c, item, "initial_keyframes")};
  if (type == "reference_audio")
    return diffusion::ReferenceAudio{tensor_of(c, item, "tokens"), tensor_of(c, item, "positions"), strength};
  if (type == "attention_strength") {
    const auto& mask = item.at("attention_mask");
    auto inner = conditioning_of(c, item.at("inner"));
    if (mask.is_number()) return diffusion::with_attention_strength(std::move(inner), mask.get<double>());
    return diffusion::with_attention_strength(std::move(inner), tensor_of(c, item, "attention_mask"));
  }
  throw std::runtime_error("unknown conditioning '" + type + "'");
}

namespace {

latents::Target target_of(const json& target) {
  const auto s = target.at("shape").get<std::vector<int64_t>>();
  if (target.at("kind") == "audio") return latents::AudioTarget{{s[0], s[1], s[2], s[3]}, {}};
  latents::VideoTarget video{{s[0], s[1], s[2], s[3], s[4]}, target.at("fps").get<double>(), {}, true};
  if (target.contains("scale_factors") && !target["scale_factors"].is_null())
    video.scale = {target["scale_factors"][0].get<int64_t>(), target["scale_factors"][1].get<int64_t>(),
                   target["scale_factors"][2].get<int64_t>()};
  video.causal = field(target, "causal_fix", true);
  return video;
}

void add_state(const latents::State& state, const std::string& id, Results& results) {
  auto& tensors = results.tensors;
  tensors[id + ".latent"] = state.latent;
  tensors[id + ".clean_latent"] = state.clean_latent;
  tensors[id + ".denoise_mask"] = state.denoise_mask;
  tensors[id + ".positions"] = state.positions;
  if (state.attention_mask) tensors[id + ".attention_mask"] = *state.attention_mask;
  if (state.keyframes_mask) tensors[id + ".keyframes_mask"] = *state.keyframes_mask;
  if (state.keyframe_layout) {
    std::vector<int64_t> layout = {state.keyframe_layout->first_token,
                                   state.keyframe_layout->tokens_per_keyframe};
    const auto& frames = state.keyframe_layout->pixel_frames;
    layout.insert(layout.end(), frames.begin(), frames.end());
    tensors[id + ".slot_layout"] = integers(layout);
  }
}

void add_finished(const latents::Finished& finished, const std::string& id, Results& results) {
  auto& tensors = results.tensors;
  tensors[id + ".final.latent"] = finished.latent;
  tensors[id + ".final.clean_latent"] = finished.clean_latent;
  tensors[id + ".final.denoise_mask"] = finished.denoise_mask;
  tensors[id + ".final.positions"] = finished.positions;
  if (finished.generated_keyframes)
    tensors[id + ".final.generated_keyframes"] = *finished.generated_keyframes;
}

/// Optional fields must be absent where the case has no such output.
void check_absences(const Case& c, const Results& results, const std::string& id) {
  const auto expected = read_tensors(c.folder / c.description.at("outputs").get<std::string>());
  for (const auto* name :
       {".attention_mask", ".keyframes_mask", ".slot_layout", ".final.generated_keyframes"})
    if (results.tensors.contains(id + name) && !expected.contains(id + name))
      throw std::runtime_error("'" + id + name + "' exists, expected none");
}

Results condition(const Case& c) {
  Results results;
  for (const auto& scenario : c.params.value("scenarios", json::array())) {
    const auto id = scenario.at("id").get<std::string>();
    run_item(scenario, [&] {
      const auto& description = scenario.at("target");
      const auto target = target_of(description);
      auto state = latents::initial_state(target, dtype_named(description.at("dtype").get<std::string>()),
                                          at::kCPU, optional_tensor(c, description, "initial"));
      for (const auto& item : scenario.at("conditionings"))
        state = diffusion::apply(conditioning_of(c, item), state, target);
      add_state(state, id, results);
      if (const auto denoised = optional_tensor(c, scenario, "denoised")) {
        state.latent = *denoised;
        add_finished(latents::finish(state, target), id, results);
      }
      check_absences(c, results, id);
    });
  }
  for (const auto& mask : c.params.value("masks", json::array())) {
    const auto s = mask.at("reference_shape").get<std::vector<int64_t>>();
    run_item(mask, [&] {
      results.tensors[mask.at("id").get<std::string>() + ".weights"] = diffusion::attention_weights_of_mask(
          tensor_of(c, mask, "mask"), {s[0], s[1], s[2], s[3], s[4]}, mask.at("strength").get<double>());
    });
  }
  for (const auto& item : c.params.value("audio_references", json::array())) {
    const auto id = item.at("id").get<std::string>();
    const auto reference =
        diffusion::reference_audio(tensor_of(c, item, "latent"), item.at("negative_positions").get<bool>());
    results.tensors[id + ".tokens"] = reference.tokens;
    results.tensors[id + ".positions"] = reference.positions;
  }
  return results;
}

}  // namespace

void register_diffusion_condition(Registry& registry) {
  registry["diffusion.condition"] = condition;
}

}  // namespace ltx::golden
