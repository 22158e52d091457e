// Policies: sets, filters, rules, refusals, routes and the bytes of the released transformers (spec 08 §2,
// §3, §15, §19, §21, §23).
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "expect_error.h"
#include "quant/layer_sets.h"
#include "quant/policy.h"
#include "quant/rules.h"
#include "quant_dit_tensors.h"

namespace ltx::quant {
namespace {

using formats::Format;

constexpr DeviceAbility kCpu = {.cpu_int8 = true}, kOldCpu = {};
constexpr DeviceAbility kAda = {true, 89, 12090}, kHopper = {true, 90, 12090}, kAmpere = {true, 80, 12090},
                        kBlackwell = {true, 100, 12090}, kRtx50 = {true, 120, 12090};

const char* const kLayer = "transformer_blocks.5.attn1.to_q";

Decision decide(Kind kind, Layer layer, const DeviceAbility& device = kCpu, const Options& options = {},
                const std::vector<Rule>& rules = {}) {
  return Policy(Target::Transformer, kind, options, rules).decide(layer, device);
}

Layer stored(Format format, std::string name = kLayer) {
  Layer layer{std::move(name), 256, 256, format};
  layer.file_quantized = true;
  return layer;
}

Options with_set(LayerSet set) {
  Options options;
  options.layer_set = set;
  return options;
}

bool has_topic(const Decision& decision, const std::string& topic) {
  for (const auto& warning : decision.warnings)
    if (warning.topic == topic) return true;
  return false;
}

}  // namespace

TEST_CASE("the tensor lists of the released transformers have the published parameter counts") {
  CHECK(DitTensors(Release::V19b).parameters() == 18'876'174'592);
  CHECK(DitTensors(Release::V23).parameters() == 18'988'838'144);
  CHECK(DitTensors(Release::V25).parameters() == 18'987'859'200);
  CHECK(DitTensors(Release::V19b).all().size() == 3510);
  CHECK(DitTensors(Release::V23).all().size() == 4186);
  CHECK(DitTensors(Release::V25).all().size() == 4091);
}

TEST_CASE("layer sets have the members and weights of spec 08 §2.1, whatever the prefix") {
  struct Expected {
    LayerSet set;
    int64_t per_block, weights;
  };
  for (const auto& [set, per_block, weights] :
       {Expected{LayerSet::S28, 28, 385'875'968}, Expected{LayerSet::S34, 34, 386'465'792},
        Expected{LayerSet::S12, 12, int64_t{1} << 28}}) {
    for (const std::string prefix : {"", "diffusion_model.", "model.diffusion_model."}) {
      int64_t count = 0, sum = 0;
      std::set<int64_t> blocks;
      for (const auto& layer : DitTensors(Release::V23).layers()) {
        auto name = prefix + layer.name;
        // Compiled blocks: a segment after the number.
        if (const auto at = name.find(".attn"); at != std::string::npos) name.insert(at, "._orig_mod");
        const auto canonical = canonical_name(name);
        CHECK(canonical == layer.name);
        if (!in_set(set, canonical)) continue;
        ++count;
        sum += layer.rows * layer.columns;
        blocks.insert(block_layer(canonical)->block);
      }
      CHECK(count == per_block * 48);
      CHECK(sum == weights * 48);
      CHECK(blocks.size() == 48);
    }
  }
  for (const std::string name :
       {"video_embeddings_connector.transformer_1d_blocks.0.attn1.to_q",
        "audio_embeddings_connector.attn1.to_q", "patchify_proj", "adaln_single.linear",
        "transformer_blocks.0.attn1.to_q.lora_A", "transformer_blocks.x.attn1.to_q",
        "my.transformer_blocks.0.attn1.to_q", "model.model.diffusion_model.transformer_blocks.0.attn1.to_q",
        "transformer_blocks.0.attn3.to_q", "transformer_blocks.-1.attn1.to_q",
        "transformer_blocks.99999999999999999999.attn1.to_q"})
    CHECK_FALSE(in_set(LayerSet::S34, canonical_name(name)));
}

TEST_CASE("19B has no gates: S34 is S28 there") {
  int64_t s28 = 0, s34 = 0;
  for (const auto& layer : DitTensors(Release::V19b).layers()) {
    s28 += in_set(LayerSet::S28, layer.name);
    s34 += in_set(LayerSet::S34, layer.name);
  }
  CHECK(s28 == 1344);
  CHECK(s34 == 1344);
}

TEST_CASE("a policy decides for a layer alone: block by block is the same as the whole model") {
  const Policy policy(Target::Transformer, Kind::Int4);
  std::set<std::string> whole, pieces;
  const auto layers = DitTensors(Release::V23).layers();
  for (const auto& layer : layers)
    if (policy.decide(layer, kCpu).outcome == Outcome::Quantized) whole.insert(layer.name);
  for (int block = 47; block >= 0; --block)
    for (const auto& layer : layers)
      if (layer.name.starts_with("transformer_blocks." + std::to_string(block) + ".") &&
          Policy(Target::Transformer, Kind::Int4).decide(layer, kCpu).outcome == Outcome::Quantized)
        pieces.insert(layer.name);
  CHECK(whole.size() == 1344);
  CHECK(whole == pieces);
}

TEST_CASE("bytes of the released transformers per policy: spec 08 §21") {
  struct Row {
    const char* what;
    Release release;
    Kind kind;
    Options options;
    double gigabytes, gibibytes;
  };
  const auto kept = [](LayerSet set, std::vector<int64_t> blocks) {
    auto options = with_set(set);
    options.keep_bf16_blocks = std::move(blocks);
    return options;
  };
  const auto tensor_scale = [] {
    Options options;
    options.granularity = Granularity::PerTensor;
    return options;
  }();
  const auto group = [](int64_t size) {
    Options options;
    options.group_size = size;
    return options;
  };
  const auto edge4 = keep_blocks_named("edge4");
  for (const auto& row : std::vector<Row>{
           {"bf16", Release::V23, Kind::None, {}, 37.98, 35.37},
           {"fp8-cast", Release::V23, Kind::Fp8Cast, {}, 19.45, 18.12},
           {"fp8 per tensor", Release::V23, Kind::Fp8Dynamic, tensor_scale, 19.45, 18.12},
           {"fp8-scaled-mm", Release::V23, Kind::Fp8ScaledMm, {}, 19.45, 18.12},
           {"fp8-block128", Release::V23, Kind::Fp8Block128, {}, 19.45, 18.12},
           {"fp8 per row", Release::V23, Kind::Fp8Dynamic, {}, 19.47, 18.14},
           {"fp8-weight-only", Release::V23, Kind::Fp8WeightOnly, {}, 19.47, 18.14},
           {"int8", Release::V23, Kind::Int8, {}, 19.47, 18.14},
           {"int8-dynamic", Release::V25, Kind::Int8Dynamic, {}, 19.47, 18.14},
           {"dev-fp8", Release::V23, Kind::Fp8ScaledMm, kept(LayerSet::S34, {0, 1, 46, 47}), 20.97, 19.53},
           {"distilled-fp8", Release::V23, Kind::Fp8ScaledMm, kept(LayerSet::S34, {0, 1, 45, 46, 47}), 21.36,
            19.89},
           {"fp8 44 blocks", Release::V23, Kind::Fp8ScaledMm, kept(LayerSet::S28, edge4), 21.00, 19.56},
           {"mxfp8", Release::V23, Kind::Mxfp8, {}, 20.03, 18.66},
           {"fp6", Release::V23, Kind::Fp6Block128, {}, 14.83, 13.81},
           {"nvfp4-cast", Release::V23, Kind::Nvfp4Cast, {}, 19.46, 18.12},
           {"nvfp4 2.3 with gates", Release::V23, Kind::Nvfp4Cast, kept(LayerSet::S34, edge4), 13.54, 12.61},
           {"nvfp4 2.3", Release::V23, Kind::Nvfp4Cast, kept(LayerSet::S28, edge4), 13.57, 12.64},
           {"nvfp4 2.5", Release::V25, Kind::Nvfp4Cast, kept(LayerSet::S28, {1, 2, 44, 45, 46, 47}), 14.68,
            13.67},
           {"nvfp4 S28", Release::V23, Kind::Nvfp4Cast, with_set(LayerSet::S28), 11.35, 10.57},
           {"int4 g64", Release::V23, Kind::Int4, group(64), 11.35, 10.57},
           {"nf4", Release::V23, Kind::Nf4, {}, 11.35, 10.57},
           {"int4 g128", Release::V23, Kind::Int4, {}, 10.77, 10.03},
           {"int4 g32", Release::V23, Kind::Int4, group(32), 12.51, 11.65}}) {
    CAPTURE(row.what);
    const auto policy = Policy(Target::Transformer, row.kind, row.options).for_depth(48);
    const auto total = footprint(policy, kCpu, DitTensors(row.release).all());
    CHECK(static_cast<double>(total.bytes) / 1e9 == doctest::Approx(row.gigabytes).epsilon(0.005));
    CHECK(static_cast<double>(total.bytes) / (1 << 30) == doctest::Approx(row.gibibytes).epsilon(0.005));
  }
}

TEST_CASE("bytes of GGUF transformers, whose layers are stored: spec 08 §21") {
  struct Row {
    Format format;
    double gigabytes;
  };
  for (const auto& [format, gigabytes] : {Row{Format::Q8_0, 20.61}, Row{Format::Q6_K, 16.13},
                                          Row{Format::Q5_K, 13.67}, Row{Format::Q4_K, 11.35}}) {
    auto tensors = DitTensors(Release::V23).all();
    formats::Encoding encoding;
    encoding.format = format;
    for (auto& tensor : tensors)
      if (tensor.name.ends_with(".weight") &&
          in_set(LayerSet::S28, tensor.name.substr(0, tensor.name.size() - 7))) {
        tensor.stored = format;
        tensor.bytes = encoded_bytes(encoding, tensor.shape[0], tensor.shape[1]);
      }
    const auto total = footprint(Policy(Target::Transformer, Kind::Gguf), kCpu, tensors);
    CHECK(total.quantized == 1344);
    CHECK(static_cast<double>(total.bytes) / 1e9 == doctest::Approx(gigabytes).epsilon(0.005));
    const auto none = footprint(Policy(Target::Transformer, Kind::None), kCpu, tensors);
    CHECK(none.bytes == footprint({}, kCpu, DitTensors(Release::V23).all()).bytes);
  }
}

TEST_CASE("files as published: quantized layers and weights per policy") {
  const auto quantized = [](Release release, Kind kind, LayerSet set, std::vector<int64_t> kept) {
    auto options = with_set(set);
    options.keep_bf16_blocks = std::move(kept);
    return footprint(Policy(Target::Transformer, kind, options).for_depth(48), kCpu,
                     DitTensors(release).all());
  };
  CHECK(quantized(Release::V19b, Kind::Fp8ScaledMm, LayerSet::S28, {0, 43, 44, 45, 46, 47}).quantized ==
        1176);
  CHECK(quantized(Release::V23, Kind::Fp8ScaledMm, LayerSet::S34, {0, 1, 46, 47}).quantized == 1496);
  CHECK(quantized(Release::V23, Kind::Fp8ScaledMm, LayerSet::S34, {0, 1, 45, 46, 47}).quantized == 1462);
  CHECK(quantized(Release::V25, Kind::Nvfp4Cast, LayerSet::S28, {1, 2, 44, 45, 46, 47}).quantized == 1176);
  const auto cast = quantized(Release::V23, Kind::Nvfp4Cast, LayerSet::Auto, {});
  CHECK(cast.quantized == 576);
  CHECK(cast.quantized_weights == 12'884'901'888u);
}

TEST_CASE("encoded_bytes counts what encode() makes") {
  for (const auto& name : {"fp8-unscaled", "fp8-per-tensor", "fp8-per-row", "mxfp8", "fp8-block128",
                           "fp6-block128", "nvfp4", "int8", "int4", "nf4"}) {
    CAPTURE(name);
    formats::Encoding encoding;
    encoding.format = formats::format_named(name);
    const auto weight = at::randn({128, 256}).to(at::kBFloat16);
    CHECK(formats::encode(weight, encoding).bytes() == encoded_bytes(encoding, 128, 256));
  }
}

TEST_CASE("names of kinds, and their aliases") {
  for (const auto kind : all_kinds()) CHECK(kind_named(name_of(kind)) == kind);
  CHECK(kind_named("auto") == Kind::Auto);
  CHECK(kind_named("bf16") == Kind::None);
  CHECK(kind_named("diffusers-layerwise") == Kind::Fp8Cast);
  CHECK(kind_named("fp8") == Kind::Fp8Dynamic);
  CHECK(kind_named("diffsynth-fp8") == Kind::Fp8Dynamic);
  CHECK(kind_named("fp8-filtered") == Kind::Fp8WeightOnly);
  CHECK(kind_named("8bit") == Kind::Int8);
  CHECK(kind_named("4bit") == Kind::Int4);
  expect_error(Status::InvalidArgument, "fp8-scaled-mm", [] { kind_named("fp7-cast"); });
  expect_error(Status::InvalidArgument, "per-tensor", [] { granularity_named("per-block"); });
}

TEST_CASE("blocks to keep: numbers, counted from either end, and the preset") {
  const auto resolve = [](const char* text, int64_t depth) {
    Options options;
    options.keep_bf16_blocks = keep_blocks_named(text);
    return Policy(Target::Transformer, Kind::Int8, options).for_depth(depth).options().keep_bf16_blocks;
  };
  CHECK(resolve("edge4", 48) == std::vector<int64_t>{0, 1, 46, 47});
  CHECK(resolve("edge4", 3) == std::vector<int64_t>{0, 1, 2});
  CHECK(resolve("edge4", 1) == std::vector<int64_t>{0});
  CHECK(resolve("7, 3,-1", 48) == std::vector<int64_t>{3, 7, 47});
  CHECK(resolve("", 48).empty());
  expect_error(Status::InvalidArgument, "block 48 does not exist", [&] { resolve("48", 48); });
  expect_error(Status::InvalidArgument, "edge4", [] { keep_blocks_named("1,,2"); });
  expect_error(Status::InvalidArgument, "edge8", [] { keep_blocks_named("edge8"); });
  Options options;
  options.keep_bf16_blocks = {-1};
  expect_error(Status::InvalidArgument, "depth", [&] {
    decide(Kind::Int8, {kLayer, 64, 64}, kCpu, options);
  });
  options.keep_bf16_blocks = {5};
  CHECK(decide(Kind::Int8, {kLayer, 64, 64}, kCpu, options).skipped == "kept block");
}

TEST_CASE("rules: globs on component and layer, the last match wins, layers outside the set included") {
  CHECK(glob_match("*", ""));
  CHECK(glob_match("transformer_blocks.*.ff.*", "transformer_blocks.11.ff.net.0.proj"));
  CHECK_FALSE(glob_match("transformer_blocks.*.ff.*", "transformer_blocks.11.audio_ff"));
  CHECK(glob_match("a[0-3]?c*", "a2xc"));
  CHECK_FALSE(glob_match("a[!0-3]c", "a2c"));
  CHECK(glob_match("a[]]b", "a]b"));
  CHECK(glob_match("a[b", "a[b"));
  CHECK(glob_match("*a*b*c", "xxaybzzbc"));

  const Layer attention{kLayer, 256, 256}, adaln{"adaln_single.linear", 256, 256};
  const std::vector<Rule> rules = {rule_named("transformer:transformer_blocks.*=int8"),
                                   rule_named("*.attn1.*=bf16"), rule_named("adaln_single.*=fp8-per-row"),
                                   rule_named("text_encoder:*=nf4")};
  CHECK(decide(Kind::Int4, attention, kCpu, {}, rules).skipped == "rule");
  CHECK(decide(Kind::Int4, adaln, kCpu, {}, rules).encoding.format == Format::Fp8PerRow);
  CHECK(decide(Kind::Int4, adaln, kCpu, {}, rules).kind == Kind::Fp8Dynamic);
  CHECK(decide(Kind::Int4, {"transformer_blocks.0.ff.net.2", 256, 256}, kCpu, {}, rules).kind == Kind::Int8);
  CHECK(decide(Kind::Int4, {"patchify_proj", 256, 256}, kCpu, {}, rules).outcome == Outcome::Plain);
  Layer text{"language_model.layers.0.mlp.up_proj", 256, 256};
  text.component = "text_encoder";
  CHECK(Policy(Target::TextEncoder, Kind::Int8, {}, rules).decide(text, kCpu).kind == Kind::Nf4);
  // A file's codes: kept or dequantized on request, never encoded a second time.
  CHECK(decide(Kind::None, stored(Format::Nvfp4), kCpu, {}, {rule_named("*=keep")}).keep_stored);
  CHECK(decide(Kind::Auto, stored(Format::Nvfp4), kCpu, {}, {rule_named("*=bf16")}).outcome ==
        Outcome::Dequantized);
  const auto again = decide(Kind::Auto, stored(Format::Nvfp4), kCpu, {}, {rule_named("*=int8")});
  CHECK(again.keep_stored);
  CHECK(has_topic(again, "rule"));
  // A component's name has two spellings, and the two halves of the video VAE are one component to rules.
  const auto matches = [](const char* pattern, const char* component) {
    return rule_matches({pattern, Format::Int8}, component, "layers.0-a");
  };
  for (const auto* pattern : {"text-encoder:*", "text_encoder:*", "text[-_]encoder:*", "t*-encoder:*", "*:*"})
    for (const auto* component : {"text-encoder", "text_encoder"}) {
      CAPTURE(pattern);
      CHECK(matches(pattern, component));
    }
  CHECK_FALSE(matches("text_encoder:layers.0_a", "text_encoder"));  // layers have one spelling
  CHECK_FALSE(matches("text-encoder:*", "video-encoder"));
  for (const auto* pattern : {"video_vae:*", "video-vae:*", "video?vae:*"})
    for (const auto* component : {"video-encoder", "video_encoder", "video-decoder", "video_vae"}) {
      CAPTURE(pattern);
      CHECK(matches(pattern, component));
    }
  CHECK_FALSE(matches("video-vae:*", "audio-decoder"));
  CHECK_FALSE(matches("video-decoder:*", "video_vae"));
  CHECK_FALSE(matches("video-decoder:*", "video-encoder"));
  expect_error(Status::InvalidArgument, "=", [] { rule_named("transformer:*"); });
  expect_error(Status::InvalidArgument, "int9", [] { rule_named("*=int9"); });
  expect_error(Status::InvalidArgument, "names no layer", [] { rule_named("transformer:=int8"); });
  expect_error(Status::InvalidArgument, "gguf-Q4_K", [] { rule_named("*=gguf-Q4_K"); });
}

TEST_CASE("a quantized layer is never quantized twice") {
  for (const auto kind : all_kinds()) {
    CAPTURE(name_of(kind));
    for (const auto format :
         {Format::Fp8Unscaled, Format::Fp8PerTensor, Format::Fp8PerRow, Format::Mxfp8, Format::Fp8Block128,
          Format::Fp6Block128, Format::Nvfp4, Format::Int8, Format::Int4, Format::Nf4, Format::Q4_K}) {
      CAPTURE(formats::name_of(format));
      const auto decision = decide(kind, stored(format));
      if (kind == Kind::None) {
        CHECK(decision.outcome == Outcome::Dequantized);
      } else if (kind == Kind::Fp8Cast && format != Format::Fp8Unscaled) {
        CHECK(decision.outcome == Outcome::Quantized);  // the one fold that spec 08 §5.4 asks for
        CHECK(has_topic(decision, "fold"));
      } else {
        CHECK(decision.outcome == Outcome::AlreadyQuantized);
        CHECK(decision.keep_stored);
        CHECK(decision.encoding.format == format);
      }
      // Outside the blocks codes never stay.
      CHECK(decide(kind, stored(format, "adaln_single.linear")).outcome == Outcome::Dequantized);
    }
    // Of a file that stores quantized layers the other ones stay as they are.
    Layer other{kLayer, 256, 256};
    other.file_quantized = true;
    const auto decision = decide(kind, other);
    CHECK((decision.outcome == Outcome::Quantized) == (kind == Kind::Fp8Cast));
  }
  CHECK(has_topic(decide(Kind::Int4, stored(Format::Fp8PerTensor)), "stored"));
  CHECK_FALSE(has_topic(decide(Kind::Auto, stored(Format::Fp8PerTensor)), "stored"));
  CHECK(decide(Kind::Fp8Dynamic, stored(Format::Fp8PerTensor)).kind == Kind::Fp8Dynamic);
  CHECK_FALSE(decide(Kind::Fp8Dynamic, stored(Format::Fp8PerTensor)).per_row);
  CHECK(decide(Kind::Auto, stored(Format::Fp8PerRow)).kind == Kind::Fp8Dynamic);
  CHECK(decide(Kind::Auto, stored(Format::Int8)).kind == Kind::Int8);
  auto rotated = stored(Format::Int8);
  rotated.rotation = 256;
  CHECK(decide(Kind::Auto, rotated).kind == Kind::Int8Dynamic);
  CHECK(decide(Kind::Int8, rotated).kind == Kind::Int8);
}

TEST_CASE("the text encoder takes four policies and leaves embeddings, heads, norms and vision alone") {
  for (const auto kind : {Kind::Auto, Kind::None, Kind::Int8, Kind::Int4, Kind::Nf4, Kind::Fp8WeightOnly})
    CHECK_NOTHROW(Policy(Target::TextEncoder, kind));
  for (const auto kind :
       {Kind::Fp8Cast, Kind::Fp8ScaledMm, Kind::Fp8Dynamic, Kind::Mxfp8, Kind::Nvfp4Cast, Kind::Nvfp4Prequant,
        Kind::Int8Dynamic, Kind::Fp8Block128, Kind::Fp6Block128, Kind::Gguf})
    expect_error(Status::Unsupported, "int8, int4, nf4 or fp8-weight-only",
                 [&] { Policy(Target::TextEncoder, kind); });
  const Policy policy(Target::TextEncoder, Kind::Int4);
  const auto outcome = [&](const char* name) { return policy.decide({name, 3840, 4096}, kCpu).outcome; };
  CHECK(outcome("language_model.layers.47.self_attn.q_proj") == Outcome::Quantized);
  CHECK(outcome("language_model.layers.0.mlp.down_proj") == Outcome::Quantized);
  for (const auto* name :
       {"language_model.embed_tokens", "lm_head", "language_model.norm",
        "language_model.layers.0.self_attn.q_norm", "vision_tower.encoder.layers.0.mlp.fc1",
        "projector.mm_input_projection", "vision_embedder.patch_dense", "vision_projection",
        "audio_projection", "feature_extractor.aggregate_embed",
        "video_connector.transformer_1d_blocks.0.attn1.to_q"})
    CHECK(outcome(name) == Outcome::Plain);
}

TEST_CASE("the video VAE has int8 convolutions and nothing else") {
  for (const auto kind : {Kind::Fp8Cast, Kind::Fp8Dynamic, Kind::Fp8WeightOnly, Kind::Fp8ScaledMm,
                          Kind::Fp8Block128, Kind::Int4, Kind::Nf4}) {
    const Policy policy(Target::VideoVae, kind);
    CHECK(policy.kind() == Kind::Int8);
    CHECK(policy.notice().find(name_of(kind)) != std::string::npos);
  }
  CHECK(Policy(Target::VideoVae, Kind::Int8).notice().empty());
  expect_error(Status::Unsupported, "int8", [] { Policy(Target::VideoVae, Kind::Nvfp4Cast); });
  const Policy policy(Target::VideoVae, Kind::Int8);
  const auto decide_conv = [&](const char* name, int64_t out, int64_t in, int64_t kernel) {
    Layer layer{name, out, in * kernel};
    layer.kernel = kernel;
    return policy.decide(layer, kCpu);
  };
  CHECK(decide_conv("up_blocks.0.res_blocks.1.conv1.conv", 512, 512, 27).outcome == Outcome::Quantized);
  CHECK(decide_conv("up_blocks.0.res_blocks.1.conv1.conv", 512, 32, 27).skipped == "channels");
  CHECK(decide_conv("up_blocks.0.res_blocks.1.conv1.conv", 48, 512, 27).skipped == "channels");
  CHECK(decide_conv("conv_in.conv", 1024, 128, 27).skipped == "first or last");
  CHECK(decide_conv("conv_out.conv", 128, 128, 27).skipped == "first or last");
  CHECK(decide_conv("timestep_embedder.linear_1", 256, 256, 0).outcome == Outcome::Plain);
}

TEST_CASE("the support matrix: native arithmetic per device") {
  struct Row {
    Kind kind;
    const char* devices;  // CPU, 7.5, 8.0, 8.9, 9.0, 10.0, 12.0
  };
  const DeviceAbility devices[] = {kCpu, {true, 75, 12090}, kAmpere, kAda, kHopper, kBlackwell, kRtx50};
  for (const auto& [policy, expected] :
       {Row{Kind::Fp8Cast, "DDDDDDD"}, Row{Kind::Fp8ScaledMm, "DDDNNNN"}, Row{Kind::Fp8Dynamic, "DDDNNNN"},
        Row{Kind::Fp8WeightOnly, "DDDDDDD"}, Row{Kind::Int4, "DDDDDDD"}, Row{Kind::Nf4, "DDDDDDD"},
        Row{Kind::Int8, "DDDDDDD"}, Row{Kind::Int8Dynamic, "NNNNNNN"}, Row{Kind::Mxfp8, "DDDDDNN"},
        Row{Kind::Nvfp4Cast, "DDDDDNN"}, Row{Kind::Fp8Block128, "DDDDNDD"},
        Row{Kind::Fp6Block128, "DDDDNDD"}}) {
    const auto kind = policy;  // lambdas take no structured binding in Clang 14
    CAPTURE(name_of(kind));
    for (size_t i = 0; i < std::size(devices); ++i) {
      CAPTURE(i);
      const bool native = expected[i] == 'N';
      const Layer layer{kLayer, 256, 256};
      const auto options = with_set(LayerSet::S28);
      const auto decision = decide(kind, layer, devices[i], options);
      CHECK(decision.outcome == Outcome::Quantized);
      CHECK(decision.arithmetic == (native ? Arithmetic::Native : Arithmetic::Dequant));
      // A fallback is told; what a policy is by definition is none.
      const bool by_definition = route(kind, devices[i]).by_definition;
      CHECK(has_topic(decision, "fallback") == (!native && !by_definition));
      auto forced = options;
      forced.arithmetic = Arithmetic::Native;
      if (!native && !by_definition) {
        expect_error(Status::Quant, "compute capability", [&] { decide(kind, layer, devices[i], forced); });
      } else {
        CHECK_NOTHROW(decide(kind, layer, devices[i], forced));
      }
      forced.arithmetic = Arithmetic::Dequant;
      CHECK(decide(kind, layer, devices[i], forced).warnings.empty());
      forced.arithmetic = Arithmetic::Emulate;
      CHECK(decide(kind, layer, devices[i], forced).arithmetic == Arithmetic::Emulate);
    }
  }
  auto native = with_set(LayerSet::S28);
  native.arithmetic = Arithmetic::Native;
  expect_error(Status::Quant, "needs compute capability 10.0, the device is compute capability 9.0", [&] {
    decide(Kind::Nvfp4Cast, {kLayer, 256, 256}, kHopper, native);
  });
  CHECK(decide(Kind::Nvfp4Cast, {kLayer, 256, 256}, {true, 100, 12060}).arithmetic == Arithmetic::Dequant);
}

TEST_CASE("a CPU without int8 dot products decodes, and says so") {
  const Layer layer{kLayer, 256, 256};
  const auto decision = decide(Kind::Int8Dynamic, layer, kOldCpu);
  CHECK(decision.outcome == Outcome::Quantized);
  CHECK(decision.arithmetic == Arithmetic::Dequant);
  REQUIRE(has_topic(decision, "fallback"));
  CHECK(decision.warnings.front().text.find("AVX-512 VNNI") != std::string::npos);
  Options native;
  native.arithmetic = Arithmetic::Native;
  expect_error(Status::Quant, "VNNI", [&] { decide(Kind::Int8Dynamic, layer, kOldCpu, native); });
  CHECK(decide(Kind::Int8Dynamic, layer, kCpu, native).arithmetic == Arithmetic::Native);
}

TEST_CASE("a stored layer whose shape the device cannot multiply runs dequantized") {
  auto gate = stored(Format::Fp8PerTensor);
  gate.rows = 2;
  const auto decision = decide(Kind::Auto, gate, kHopper);
  CHECK(decision.keep_stored);
  CHECK(decision.arithmetic == Arithmetic::Dequant);
  CHECK(decision.fallback == "gemm");
  for (const auto format : {Format::Fp8Block128, Format::Fp6Block128}) {
    auto edge = stored(format);
    CHECK(decide(Kind::Auto, edge, kHopper).arithmetic == Arithmetic::Native);
    edge.rows = 200;
    const auto partial = decide(Kind::Auto, edge, kHopper);
    CHECK(partial.keep_stored);
    CHECK(partial.arithmetic == Arithmetic::Dequant);
    CHECK(partial.fallback == "storage");
  }
}

TEST_CASE("a kept layer is encoded again in its kind's own form") {
  using Form = formats::Encoding::Fp8Form;
  const auto form = [](Kind kind, const std::vector<Rule>& rules = {}) {
    return decide(kind, stored(Format::Fp8PerTensor), kCpu, {}, rules).encoding.fp8_form;
  };
  CHECK((form(Kind::Auto) == Form::Multiply));
  CHECK((form(Kind::Fp8ScaledMm) == Form::Multiply));
  CHECK((form(Kind::Int4) == Form::Multiply));
  CHECK((form(Kind::None, {rule_named("*=keep")}) == Form::Multiply));
  CHECK((form(Kind::Fp8Dynamic) == Form::Divide));
}

TEST_CASE("options that a kind does not have are refused") {
  Options options;
  options.act_scale = ActScale::Static;
  expect_error(Status::Quant, "nvfp4-prequant",
               [&] { Policy(Target::Transformer, Kind::Nvfp4Cast, options); });
  expect_error(Status::InvalidArgument, "fp8-scaled-mm",
               [&] { Policy(Target::Transformer, Kind::Int8Dynamic, options); });
  options.act_scale = ActScale::Fixed1;
  expect_error(Status::InvalidArgument, "nvfp4",
               [&] { Policy(Target::Transformer, Kind::Fp8ScaledMm, options); });
  options = {};
  options.group_size = 48;
  expect_error(Status::InvalidArgument, "48", [&] { Policy(Target::Transformer, Kind::Int4, options); });
}

TEST_CASE("the recommended policy: the least lossy that fits") {
  constexpr uint64_t kModel = 37'980'000'000;
  CHECK(recommended(kHopper, 0, kModel).kind == Kind::Fp8Dynamic);
  CHECK(recommended(kAda, 0, kModel).kind == Kind::Fp8Dynamic);
  CHECK(recommended(kAmpere, 0, kModel).kind == Kind::Int8);
  CHECK(recommended(kCpu, 0, kModel).kind == Kind::Int8);
  CHECK(recommended(kHopper, 80'000'000'000, kModel).kind == Kind::None);
  CHECK(recommended(kAda, 24'000'000'000, kModel).kind == Kind::Fp8Dynamic);
  CHECK(recommended(kAmpere, 24'000'000'000, kModel).kind == Kind::Int8);
  CHECK(recommended(kAda, 16'000'000'000, kModel).kind == Kind::Fp6Block128);
  CHECK(recommended(kAda, 12'000'000'000, kModel).kind == Kind::Nf4);
  CHECK(recommended(kAda, 11'000'000'000, kModel).kind == Kind::Int4);
  const auto too_small = recommended(kAda, 8'000'000'000, kModel);
  CHECK(too_small.kind == Kind::Int4);
  CHECK_FALSE(too_small.fits);
}

}  // namespace ltx::quant
