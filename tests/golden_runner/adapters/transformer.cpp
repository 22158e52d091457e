// Group `transformer`: the diffusion transformer and what is wrapped around it.
#include "models/transformer/transformer.h"
#include "golden.h"
#include "models/transformer/batch_splitter.h"
#include "models/transformer/token_tiling.h"
#include "models/transformer/x0_model.h"
#include "weights/checkpoint.h"

namespace ltx::golden {
namespace {

using namespace ltx::transformer;

struct Opened {
  quant::Source source;
  Config config;
};

Opened open(const Case& c, ModelType type = ModelType::AudioVideo) {
  const auto part = weights::Checkpoint(c.weight("checkpoint")).open(weights::Component::Transformer);
  return {quant::Source(part.view, device(), c.compute_dtype), Config::parse(part.config, type, part.file)};
}

std::optional<latents::Modality> modality(const Case& c, const std::string& prefix) {
  if (!c.has_input(prefix + "latent")) return std::nullopt;
  const auto field = [&](const char* name) {
    return c.has_input(prefix + name) ? std::optional(c.input(prefix + name)) : std::nullopt;
  };
  latents::Modality m;
  m.latent = c.input(prefix + "latent");
  m.positions = c.input(prefix + "positions");
  m.timesteps = c.input(prefix + "timesteps");
  m.sigma = field("sigma").value_or(at::Tensor());
  m.context = field("context").value_or(at::Tensor());
  m.context_mask = field("context_mask");
  m.attention_mask = field("attention_mask");
  m.keyframes_mask = field("keyframes_mask");
  return m;
}

std::optional<latents::Perturbations> perturbations(const Case& c) {
  const auto found = c.params.find("perturbations");
  if (found == c.params.end() || found->is_null()) return std::nullopt;
  const std::map<std::string, latents::PerturbationType> types = {
      {"skip_video_self_attn", latents::PerturbationType::SkipVideoSelf},
      {"skip_audio_self_attn", latents::PerturbationType::SkipAudioSelf},
      {"skip_a2v_cross_attn", latents::PerturbationType::SkipAudioToVideo},
      {"skip_v2a_cross_attn", latents::PerturbationType::SkipVideoToAudio}};
  latents::Perturbations result;
  for (const auto& sample : *found) {
    auto& list = result.emplace_back();
    for (const auto& entry : sample) {
      const auto& blocks = entry.at("blocks");
      list.push_back({types.at(entry.at("type")),
                      blocks.is_null() ? std::nullopt : std::optional(blocks.get<std::vector<int64_t>>())});
    }
  }
  return result;
}

template <class T>
T* pointer(std::optional<T>& value) {
  return value ? &*value : nullptr;
}

void put(Results& results, const std::string& name, const Outputs& outputs, const latents::Modality* video,
         const latents::Modality* audio) {
  if (outputs.video && video->enabled) results.tensors["video." + name] = *outputs.video;
  if (outputs.audio && audio->enabled) results.tensors["audio." + name] = *outputs.audio;
}

Results forward(const Case& c) {
  const std::map<std::string, ModelType> types = {{"audio_video", ModelType::AudioVideo},
                                                  {"video_only", ModelType::VideoOnly},
                                                  {"audio_only", ModelType::AudioOnly}};
  const auto [source, config] = open(c, types.at(c.params.at("model_type")));
  std::shared_ptr<const Model> model = std::make_shared<Transformer>(source, config);
  std::shared_ptr<const Model> x0 = std::make_shared<X0Model>(model);
  if (const auto m = c.param<int64_t>("max_batch_size", 0)) {
    model = std::make_shared<BatchSplitter>(model, m);
    x0 = std::make_shared<BatchSplitter>(x0, m);
  }
  auto video = modality(c, "video."), audio = modality(c, "audio.");
  if (video) video->enabled = c.param("video_enabled", true);
  if (audio) audio->enabled = c.param("audio_enabled", true);
  auto ptb = perturbations(c);

  Results results;
  const auto run = [&](const char* name, const Model& of) {
    put(results, name, of.forward(pointer(video), pointer(audio), pointer(ptb)), pointer(video),
        pointer(audio));
  };
  run("velocity", *model);
  if (c.param("x0", false)) run("denoised", *x0);
  return results;
}

Results block(const Case& c) {
  const auto [source, config] = open(c);
  const Transformer model(source, config);
  auto video = modality(c, "video."), audio = modality(c, "audio.");
  auto ptb = perturbations(c);
  const auto index = c.params.at("block").get<int64_t>();
  const auto out = model.run_blocks(index, index + 1, {c.input("video.x"), c.input("audio.x")},
                                    pointer(video), pointer(audio), pointer(ptb), Monitor::silent());
  Results results;
  put(results, "x_out", out, pointer(video), pointer(audio));
  return results;
}

Results attention(const Case& c) {
  const auto opened = open(c);
  const auto& config = opened.config;
  const auto place = c.params.at("module").get<std::string>();
  const auto module = place.substr(place.rfind('.') + 1);
  const auto& stream = module == "attn1" || module == "attn2" ? *config.video : *config.audio;
  const auto& x = c.input("x");
  const auto& context = c.has_input("context") ? c.input("context") : x;
  const nn::Attention layer(opened.source / place, {x.size(2), context.size(2), stream.heads, stream.head_dim,
                                                    config.gated, config.norm_eps});
  const auto table = [&](const std::string& prefix) -> nn::RopeTable {
    if (!c.has_input(prefix + "cos")) return {};
    const auto &cos = c.input(prefix + "cos"), &sin = c.input(prefix + "sin");
    if (config.rope_type == nn::RopeType::Split) return nn::RopeTable::from_heads(cos, sin);
    return {config.rope_type, stream.heads, cos, sin};
  };
  const auto rope = table(""), key_rope = table("k_");
  nn::AttentionInputs inputs;
  if (rope.defined()) inputs.query_rope = &rope;
  if (key_rope.defined()) inputs.key_rope = &key_rope;
  if (c.has_input("mask")) inputs.mask = c.input("mask");
  if (c.has_input("keep")) inputs.keep = c.input("keep");
  inputs.value_only = c.param("all_perturbed", false);
  return {{{"out", layer(x, context, inputs)}}, {}};
}

Results adaln(const Case& c) {
  const auto [source, config] = open(c);
  const auto module = source / c.params.at("module").get<std::string>();
  const auto& shape = module.view().info("linear.weight")->shape;
  const auto out = AdaLayerNorm(module, shape[1], shape[0] / shape[1])(c.input("t"));
  return {{{"modulation", out.modulation},
           {"embedded", out.embedded},
           {"sinusoid", sinusoid(c.input("t"), sinusoid_frequencies(device()))}},
          {}};
}

Results rope(const Case& c) {
  nn::RopeSpec spec;
  spec.width = c.params.at("width");
  spec.heads = c.params.at("heads");
  spec.theta = c.params.at("theta");
  spec.max_pos = c.params.at("max_pos").get<std::vector<double>>();
  spec.type = nn::rope_type_named(c.params.at("rope_type").get<std::string>()).value();
  spec.grid = nn::rope_grid_named(c.param<std::string>("frequencies_precision", ""));
  const auto table =
      nn::rope_table(spec, nn::midpoints(c.input("positions")), dtype_named(c.params.at("out_dtype")));
  const bool split = spec.type == nn::RopeType::Split;
  Results results;
  results.tensors = {{"cos", split ? table.by_head(table.cos) : table.cos},
                     {"sin", split ? table.by_head(table.sin) : table.sin},
                     {"frequencies", nn::rope_frequencies(spec)}};
  if (c.has_input("x")) results.tensors["rotated"] = nn::apply_rope(c.input("x"), table);
  return results;
}

Results tiling(const Case& c) {
  const auto axis = [&](const char* name) -> AxisTiling {
    const auto& a = c.params.at("tiling").at(name);
    return {a.at("num_tiles"), a.at("overlap")};
  };
  const TokenTiling helper(c.params.at("grid").get<Grid>(), {axis("frames"), axis("height"), axis("width")},
                           c.param("normalize_positions", true));
  const auto video = modality(c, "video.").value();
  const auto tiles = helper.select(video.positions);
  Results results;
  auto blended = at::zeros_like(video.latent);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const auto part = slice(video, tiles[i]);
    const auto prefix = "tile." + std::to_string(i) + ".";
    results.tensors[prefix + "keep_indices"] = tiles[i].keep;
    results.tensors[prefix + "positions"] = part.positions;
    results.tensors[prefix + "timesteps"] = part.timesteps;
    if (part.attention_mask) results.tensors[prefix + "attention_mask"] = *part.attention_mask;
    if (part.keyframes_mask) results.tensors[prefix + "keyframes_mask"] = *part.keyframes_mask;
    results.tensors[prefix + "blend_weights"] = helper.tiles()[i].blend_weights;
    blend(blended, part.latent * (1 + 0.25 * static_cast<double>(i)), tiles[i]);
  }
  results.tensors["blended"] = blended;
  return results;
}

}  // namespace

void register_transformer(Registry& registry) {
  registry["transformer.forward"] = forward;
  registry["transformer.block"] = block;
  registry["transformer.attention"] = attention;
  registry["transformer.adaln"] = adaln;
  registry["transformer.rope"] = rope;
  registry["transformer.tiling"] = tiling;
}

}  // namespace ltx::golden
