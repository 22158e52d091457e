#include "diffusion.h"

#include "diffusion/noise.h"
#include "diffusion/schedule.h"
#include "latents/patchify.h"
#include "latents/positions.h"

namespace ltx::golden {
namespace {

using nlohmann::json;

Results schedule(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) {
    const auto id = item.at("id").get<std::string>(), kind = item.at("kind").get<std::string>();
    auto& out = results.tensors[id];
    run_item(item, [&] {
      if (kind == "fixed") {
        out = diffusion::fixed_schedule(item.at("name").get<std::string>());
        return;
      }
      const auto steps = item.at("steps").get<int64_t>();
      if (kind == "ltx2") {
        diffusion::Ltx2Schedule options;
        options.tokens = field(item, "default_number_of_tokens", options.tokens);
        if (item.contains("latent_shape")) {
          options.tokens = 1;
          for (size_t i = 2; i < item["latent_shape"].size(); ++i)
            options.tokens *= item["latent_shape"][i].get<int64_t>();
        }
        options.max_shift = field(item, "max_shift", options.max_shift);
        options.base_shift = field(item, "base_shift", options.base_shift);
        options.stretch = field(item, "stretch", options.stretch);
        options.terminal = field(item, "terminal", options.terminal);
        out = diffusion::ltx2_schedule(steps, options);
      } else if (kind == "linear_quadratic") {
        diffusion::LinearQuadraticSchedule options;
        options.threshold_noise = field(item, "threshold_noise", options.threshold_noise);
        if (item.contains("linear_steps") && !item["linear_steps"].is_null())
          options.linear_steps = item["linear_steps"].get<int64_t>();
        out = diffusion::linear_quadratic_schedule(steps, options);
      } else if (kind == "beta") {
        out = diffusion::beta_schedule(steps, field(item, "alpha", 0.6), field(item, "beta", 0.6));
      } else {
        throw std::runtime_error("unknown kind '" + kind + "'");
      }
    });
  }
  return results;
}

Results noise(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) {
    const auto id = item.at("id").get<std::string>(), kind = item.at("kind").get<std::string>();
    diffusion::GeneratorNoise source(at::kCPU, static_cast<uint64_t>(item.at("seed").get<int64_t>()));
    const auto& list = item.at(kind == "noiser" ? "calls" : "draws");
    for (size_t k = 0; k < list.size(); ++k) {
      auto& out = results.tensors[id + "." + std::to_string(k)];
      if (kind == "noiser") {
        latents::State state;
        state.latent = tensor_of(c, list[k], "latent");
        state.clean_latent = tensor_of(c, list[k], "clean_latent");
        state.denoise_mask = tensor_of(c, list[k], "denoise_mask");
        out = diffusion::add_noise(state, list[k].at("noise_scale").get<double>(), source, {}).latent;
        continue;
      }
      const auto shape = list[k].at("shape").get<std::vector<int64_t>>();
      diffusion::NoiseRequest request;
      request.shape = shape;
      request.dtype = dtype_named(list[k].at("dtype").get<std::string>());
      if (kind == "randn")
        out = source.normal(request);
      else
        out = diffusion::sampler_noise(item.at("noise") == "normalized" ? diffusion::SamplerNoise::Normalized
                                                                        : diffusion::SamplerNoise::Plain,
                                       source, request);
    }
  }
  return results;
}

Results patchify(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) {
    const auto id = item.at("id").get<std::string>();
    const auto& latent = tensor_of(c, item, "latent");
    const auto& tokens = tensor_of(c, item, "tokens");
    const auto s = latent.sizes();
    at::Tensor patched, unpatched;
    if (item.at("kind") == "video") {
      const auto patch = field(item, "patch_size", int64_t{1});
      patched = latents::patchify_video(latent, patch);
      unpatched = latents::unpatchify_video(tokens, {s[0], s[1], s[2], s[3], s[4]}, patch);
    } else {
      patched = latents::patchify_audio(latent);
      unpatched = latents::unpatchify_audio(tokens, {s[0], s[1], s[2], s[3]});
    }
    results.tensors[id + ".tokens"] = patched;
    results.tensors[id + ".token_count"] = integers({patched.size(1)});
    results.tensors[id + ".unpatchified"] = unpatched;
  }
  return results;
}

Results positions(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) {
    const auto id = item.at("id").get<std::string>();
    const auto s = item.at("shape").get<std::vector<int64_t>>();
    if (item.at("kind") == "video") {
      const latents::VideoShape shape{s[0], s[1], s[2], s[3], s[4]};
      const auto factors = item.at("scale_factors").get<std::vector<int64_t>>();
      const latents::ScaleFactors scale{factors[0], factors[1], factors[2]};
      const bool causal = field(item, "causal_fix", true);
      const auto patch = field(item, "patch_size", int64_t{1});
      const auto grid = latents::video_grid(shape, at::kCPU, patch);
      results.tensors[id + ".grid"] = grid;
      results.tensors[id + ".pixel"] = latents::pixel_bounds(grid, scale, causal);
      results.tensors[id + ".positions"] =
          latents::video_positions(shape, scale, item.at("fps").get<double>(), causal, at::kCPU, patch);
    } else {
      const latents::AudioTiming timing{field(item, "sample_rate", int64_t{16000}),
                                        field(item, "hop_length", int64_t{160}),
                                        field(item, "downsample", int64_t{4})};
      results.tensors[id + ".positions"] =
          latents::audio_positions({s[0], s[1], s[2], s[3]}, timing, at::kCPU,
                                   field(item, "shift", int64_t{0}), field(item, "is_causal", true));
    }
  }
  return results;
}

}  // namespace

void run_item(const json& item, const std::function<void()>& work) {
  if (!field(item, "expect_error", false)) return work();
  try {
    work();
  } catch (const std::exception&) {
    return;
  }
  throw std::runtime_error("item '" + field<std::string>(item, "id", "?") +
                           "' was accepted, expected an error");
}

void register_diffusion(Registry& registry) {
  registry["diffusion.schedule"] = schedule;
  registry["diffusion.noise"] = noise;
  registry["diffusion.patchify"] = patchify;
  registry["diffusion.positions"] = positions;
  register_diffusion_tools(registry);
  register_diffusion_condition(registry);
  register_diffusion_step(registry);
  register_diffusion_guide(registry);
  register_diffusion_run(registry);
}

}  // namespace ltx::golden
