// diffusion.guide: guiders, activation, skipping, factories, perturbation masks.
#include "diffusion.h"
#include "diffusion/guiders.h"
#include "latents/perturbation.h"

namespace ltx::golden {

using nlohmann::json;

diffusion::GuiderParams guider_of(const json& item) {
  diffusion::GuiderParams guider;
  guider.cfg_scale = field(item, "cfg_scale", guider.cfg_scale);
  guider.stg_scale = field(item, "stg_scale", guider.stg_scale);
  guider.rescale_scale = field(item, "rescale_scale", guider.rescale_scale);
  guider.modality_scale = field(item, "modality_scale", guider.modality_scale);
  guider.skip_step = field(item, "skip_step", guider.skip_step);
  guider.stg_blocks = field(item, "stg_blocks", guider.stg_blocks);
  return guider;
}

namespace {

template <class Guider>
void add_deltas(const Case& c, const json& item, Guider guider, Results& results) {
  const auto id = item.at("id").get<std::string>();
  const auto& pairs = item.at("pairs");
  for (size_t k = 0; k < pairs.size(); ++k)
    results.tensors[id + "." + std::to_string(k)] =
        guider.delta(tensor_of(c, pairs[k], "cond"), tensor_of(c, pairs[k], "other"));
  results.tensors[id + ".enabled"] = integers({guider.enabled()});
}

latents::Perturbations perturbations_of(const json& samples) {
  latents::Perturbations perturbations;
  for (const auto& sample : samples) {
    auto& list = perturbations.emplace_back();
    for (const auto& entry : sample) {
      latents::Perturbation perturbation{
          static_cast<latents::PerturbationType>(entry.at("type").get<int32_t>()), {}};
      if (!entry.at("blocks").is_null()) perturbation.blocks = entry["blocks"].get<std::vector<int64_t>>();
      list.push_back(perturbation);
    }
  }
  return perturbations;
}

void add(const Case& c, const json& item, Results& results) {
  const auto id = item.at("id").get<std::string>(), kind = item.at("kind").get<std::string>();
  auto& out = results.tensors[id];
  const double scale = field(item, "scale", 1.0), eta = field(item, "eta", 1.0);
  if (kind == "multimodal") {
    const auto pass = [&](const char* name) { return optional_tensor(c, item, name).value_or(at::Tensor()); };
    out = diffusion::combine(guider_of(item.at("guider")),
                             {pass("cond"), pass("uncond"), pass("ptb"), pass("mod")});
  } else if (kind == "cfg") {
    add_deltas(c, item, diffusion::CfgGuider{scale}, results);
  } else if (kind == "cfg_star") {
    add_deltas(c, item, diffusion::CfgStarGuider{scale}, results);
  } else if (kind == "stg") {
    add_deltas(c, item, diffusion::StgGuider{scale}, results);
  } else if (kind == "apg") {
    add_deltas(c, item, diffusion::ApgGuider{scale, eta, field(item, "norm_threshold", 0.0)}, results);
  } else if (kind == "legacy_apg") {
    add_deltas(c, item,
               diffusion::LegacyApgGuider(scale, eta, field(item, "norm_threshold", 5.0),
                                          field(item, "momentum", 0.0)),
               results);
  } else if (kind == "activation") {
    std::vector<int64_t> all;
    for (const auto& description : item.at("guiders")) {
      const auto guider = guider_of(description);
      all.insert(all.end(), {guider.needs_uncond(), guider.needs_perturbed(), guider.needs_isolated()});
    }
    out = integers(all);
  } else if (kind == "skip") {
    std::vector<int64_t> all;
    for (const auto& skip : item.at("skip_steps")) {
      diffusion::GuiderParams guider;
      guider.skip_step = skip.get<int64_t>();
      for (int64_t step = 0; step < item.at("steps").get<int64_t>(); ++step)
        all.push_back(guider.skips(step));
    }
    out = integers(all);
  } else if (kind == "factory") {
    std::vector<std::pair<double, diffusion::GuiderParams>> bins;
    for (const auto& bin : item.at("bins")) bins.emplace_back(number(bin[0]), guider_of(bin[1]));
    const diffusion::GuidanceByNoise guidance(std::move(bins));
    std::vector<double> chosen;
    for (const auto& sigma : item.at("sigmas")) chosen.push_back(guidance.at(sigma.get<double>()).cfg_scale);
    out = doubles(chosen);
  } else if (kind == "perturbation_masks") {
    out = latents::keep_mask(perturbations_of(item.at("samples")), item.at("num_blocks").get<int64_t>(),
                             at::kFloat, at::kCPU);
  } else {
    throw std::runtime_error("unknown kind '" + kind + "'");
  }
}

Results guide(const Case& c) {
  Results results;
  for (const auto& item : c.params.at("items")) run_item(item, [&] { add(c, item, results); });
  return results;
}

}  // namespace

void register_diffusion_guide(Registry& registry) {
  registry["diffusion.guide"] = guide;
}

}  // namespace ltx::golden
