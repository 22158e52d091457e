// Group `models`: loading, renaming, LoRA fusion, version defaults.
#include <algorithm>

#include "golden.h"
#include "weights/fused_store.h"
#include "weights/model_files.h"

namespace ltx::golden {
namespace {

using namespace ltx::weights;

ModelFiles files_of(const Case& c) {
  ModelPaths paths;
  for (auto& [slot, path] :
       std::map<std::string, std::string*>{{"checkpoint", &paths.checkpoint},
                                           {"transformer", &paths.transformer},
                                           {"text_encoder", &paths.text_encoder},
                                           {"video_vae", &paths.video_vae},
                                           {"audio_vae", &paths.audio_vae},
                                           {"duration_head", &paths.duration_head},
                                           {"spatial_upsampler", &paths.spatial_upsampler},
                                           {"temporal_upsampler", &paths.temporal_upsampler}})
    if (c.has_weight(slot)) *path = c.weight(slot);
  return ModelFiles(paths);
}

Results tensors(const Case& c) {
  const auto files = files_of(c);
  const auto names = c.params.at("components").get<std::vector<std::string>>();
  Results results;
  auto census = at::zeros({static_cast<int64_t>(names.size()), 3}, at::kLong);
  for (size_t row = 0; row < names.size(); ++row) {
    const auto component = component_named(names[row]);
    const auto view = files.open(component).view;
    int64_t values = 0, singles = 0;
    const auto members = view.store().names();
    for (const auto& name : members) {
      auto tensor = cast_for_load(view.take(name), load_dtype(component));
      values += tensor.numel();
      singles += tensor.scalar_type() == at::kFloat;
      results.tensors[names[row] + "/" + name] = std::move(tensor);
    }
    const auto counts = at::tensor({static_cast<int64_t>(members.size()), values, singles}, at::kLong);
    census[static_cast<int64_t>(row)].copy_(counts);
  }
  results.tensors["census"] = census;
  return results;
}

Results lora_fuse(const Case& c) {
  std::vector<Lora> loras;
  for (const auto& lora : c.params.at("loras"))  // read as the reference reads them (spec 01 §8.7)
    loras.push_back({std::make_shared<LoraFile>(c.weight(lora.at(0).get<std::string>()), true),
                     lora.at(1).get<double>()});
  const auto files = files_of(c);
  const View view(
      with_loras(files.open(Component::Transformer).view.shared_store(), std::move(loras), device()));
  Results results;
  for (const auto& name : c.params.at("tensors"))
    results.tensors[name.get<std::string>()] = view.take(name.get<std::string>());
  return results;
}

Results defaults_by_version(const Case& c) {
  std::vector<int64_t> table;
  for (const auto& version : c.params.at("versions")) {
    const auto defaults = version_defaults(version.get<std::string>());
    table.insert(table.end(), {defaults.num_inference_steps, defaults.image_crf, defaults.stg_block,
                               defaults.ancestral_sampler});
  }
  Results results;
  results.tensors["table"] = at::tensor(table, at::kLong).view({-1, 4});
  return results;
}

}  // namespace

void register_models(Registry& registry) {
  registry["loader.tensors"] = tensors;
  registry["loader.lora_fuse"] = lora_fuse;
  registry["loader.version_defaults"] = defaults_by_version;
}

}  // namespace ltx::golden
