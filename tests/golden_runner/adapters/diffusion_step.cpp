// diffusion.step: single steps.
#include "diffusion.h"
#include "diffusion/model.h"
#include "diffusion/res2s.h"
#include "diffusion/steps.h"

namespace ltx::golden {
namespace {

using nlohmann::json;

void add_coefficients(const diffusion::SdeCoefficients& coefficients, const std::string& id,
                      Results& results) {
  results.tensors[id + ".alpha_ratio"] = coefficients.alpha_ratio;
  results.tensors[id + ".sigma_down"] = coefficients.sigma_down;
  results.tensors[id + ".sigma_up"] = coefficients.sigma_up;
}

void add(const Case& c, const json& item, Results& results) {
  const auto id = item.at("id").get<std::string>(), kind = item.at("kind").get<std::string>();
  auto& out = results.tensors[id + ".out"];
  const auto get = [&](const char* name) { return tensor_of(c, item, name); };
  const auto step = field(item, "step_index", int64_t{0});
  const auto noise = optional_tensor(c, item, "noise");
  const double eta = field(item, "eta", 1.0), s_noise = field(item, "s_noise", 1.0);
  const auto pair = [&] { return diffusion::sigma_pair(get("sigmas"), step); };
  const auto level = [&] { return get("sigmas")[step].item<float>(); };
  if (kind == "euler") {
    out = diffusion::euler_step(get("sample"), get("denoised"), pair());
  } else if (kind == "euler_ancestral") {
    out = diffusion::ancestral_step(get("sample"), get("denoised"), pair(), eta, s_noise, noise);
  } else if (kind == "euler_cfg_pp") {
    out = diffusion::cfg_pp_step(get("sample"), get("denoised"), get("uncond"), pair(), eta, s_noise, noise);
  } else if (kind == "res2s") {
    const auto sigmas = get("sigmas");
    out = diffusion::sde_step(get("sample"), get("denoised"), sigmas[step], sigmas[step + 1], eta,
                              noise.value());
  } else if (kind == "sde_coefficients") {
    results.tensors.erase(id + ".out");
    const auto next = get("sigma_next");
    if (const auto up = optional_tensor(c, item, "sigma_up"))
      add_coefficients(diffusion::sde_coefficients_of_up(next, *up, optional_tensor(c, item, "sigma_max")),
                       id, results);
    else if (const auto down = optional_tensor(c, item, "sigma_down"))
      add_coefficients(diffusion::sde_coefficients_of_down(next, *down), id, results);
    else
      add_coefficients(diffusion::sde_coefficients(next), id, results);
  } else if (kind == "res2s_coefficients") {
    std::vector<double> all;
    for (const auto& h : item.at("h")) {
      const auto k = diffusion::res2s_coefficients(h.get<double>());
      all.insert(all.end(), {k.a21, k.b1, k.b2});
    }
    out = doubles(all);
  } else if (kind == "to_velocity") {
    out = diffusion::to_velocity(get("sample"), level(), get("denoised"));
  } else if (kind == "to_denoised") {
    out = diffusion::to_denoised(get("sample"), get("velocity"), level());
  } else if (kind == "x0") {
    const auto sigma = get("sigma");
    out = diffusion::x0_of_velocity(get("sample"), get("velocity"),
                                    get("denoise_mask") * sigma.view({-1, 1, 1}));
  } else if (kind == "post_process") {
    out = diffusion::Remask(get("denoise_mask"), get("clean_latent"))(get("denoised"));
  } else {
    throw std::runtime_error("unknown kind '" + kind + "'");
  }
}

Results steps(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) run_item(item, [&] { add(c, item, results); });
  return results;
}

}  // namespace

void register_diffusion_step(Registry& registry) {
  registry["diffusion.step"] = steps;
}

}  // namespace ltx::golden
