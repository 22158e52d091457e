#include "pipelines/run.h"

#include "base/error.h"
#include "latents/frames.h"
#include "latents/geometry.h"
#include "media/tensors.h"
#include "pipelines/encode_text.h"
#include "pipelines/enhance.h"
#include "pipelines/images.h"
#include "pipelines/numbers.h"
#include "pipelines/numeric_guard.h"
#include "pipelines/tiling.h"
#include "pipelines/velocity.h"

namespace ltx::pipelines {

Run::Run(const engine::Request& resolved, Components& parts, diffusion::NoiseSource& noise,
         PromptCache& cache, engine::Sink& events, Observer* observer)
    : request(resolved), components(parts), sink(events), noise_(noise), cache_(cache), observer_(observer) {}

void Run::observe(const std::string& name, const at::Tensor& value) {
  if (observer_) observer_->tensor(name, value);
}

at::Tensor Run::sigmas(const std::vector<float>& values) {
  return at::tensor(values, at::kFloat);
}

PromptContexts Run::encode_prompts(bool guided) {
  PromptContexts contexts;
  if (!request.text_embeddings.empty()) {
    contexts = read_text_embeddings(request.text_embeddings, guided);
  } else {
    Enhancement enhanced{{.text = request.prompt}, nullptr};
    if (request.enhance_prompt) enhanced = enhance(request, components, sink);
    std::vector<std::string> prompts = {enhanced.prompt.text};
    if (guided) prompts.push_back(request.negative_prompt.value_or(""));
    contexts = encode(prompts, std::move(enhanced.encoder));
  }
  const auto place = [&](PromptContext& context, const std::string& name) {
    context.video = context.video.to(components.device(), components.compute());
    context.audio = context.audio.to(components.device(), components.compute());
    observe("context.video." + name, context.video);
    observe("context.audio." + name, context.audio);
  };
  place(contexts.positive, "positive");
  if (contexts.negative) place(*contexts.negative, "negative");
  return contexts;
}

PromptContexts Run::encode(const std::vector<std::string>& prompts, Lease<text::TextEncoder> encoder) {
  std::vector<std::optional<PromptContext>> known;
  bool complete = true;
  for (const auto& prompt : prompts) {
    const auto* found = observer_ ? nullptr : cache_.find(prompt);  // an observer wants to see the way, too
    known.push_back(found ? std::optional(*found) : std::nullopt);
    complete = complete && found;
  }
  if (!complete) {
    // All prompts of a call go through the text model in one batch, as the reference sends them.
    const auto encoded = encode_texts(prompts, components, sink, observer_, std::move(encoder));
    for (size_t i = 0; i < prompts.size(); ++i) {
      known[i] = encoded[i];
      cache_.put(prompts[i], encoded[i]);
    }
  }
  PromptContexts contexts{*known[0], std::nullopt};
  if (known.size() > 1) contexts.negative = *known[1];
  return contexts;
}

std::vector<ConditionImage> Run::read_images() {
  std::vector<ConditionImage> images;
  for (size_t i = 0; i < request.images.size(); ++i) {
    const auto& given = request.images[i];
    sink.progress({.phase = Phase::Condition,
                   .step = static_cast<int32_t>(i) + 1,
                   .step_count = static_cast<int32_t>(request.images.size())});
    sink.checkpoint();
    const auto image =
        given.pixels ? image_of(*given.pixels) : media::read_image(given.path, sink, holding_of(request));
    images.push_back(
        {media::recompressed(image, given.crf), given.frame_index, shortest_double(given.strength)});
  }
  return images;
}

std::vector<diffusion::Conditioning> Run::image_conditionings(const std::vector<ConditionImage>& images,
                                                              ImageUse use, const StagePlan& plan) {
  std::vector<diffusion::Conditioning> items;
  if (images.empty()) return items;
  const auto encoder = components.video_encoder(sink);
  const auto count = static_cast<int32_t>(images.size());
  for (int32_t i = 0; i < count; ++i) {
    sink.progress({.phase = Phase::Condition,
                   .stage = plan.stage,
                   .stage_count = plan.stage_count,
                   .step = i + 1,
                   .step_count = count});
    const auto& image = images[static_cast<size_t>(i)];
    const auto pixels = media::condition_image(image.image, plan.height, plan.width, components.device(),
                                               components.compute());
    const auto latent = encoder->encode(pixels, sink);
    observe(fmt::format("stage{}.video.condition{}", plan.stage, i), latent);
    if (image.frame_index == 0 && use == ImageUse::Combined)
      items.emplace_back(diffusion::ReplaceFrames{latent, image.strength, 0});
    else
      items.emplace_back(diffusion::KeyframeGuidance{latent, image.frame_index, image.strength, 1});
  }
  return items;
}

at::Tensor Run::encode_source(const engine::VideoCondition& source) {
  sink.progress({.phase = Phase::Condition, .stage = 1, .stage_count = 1});
  // The frames wait in host memory: only tiles of them are on the device at a time.
  std::variant<media::IndexWindow, media::TimeWindow> whole = media::IndexWindow{0, request.num_frames};
  // The reference goes by time and loses the end of a stream that begins late (spec 07 §6.9).
  if (request.reference_parity)
    whole = media::TimeWindow{0, static_cast<double>(request.num_frames) / request.frame_rate};
  const auto pixels = read_frames(source, whole, request.height, request.width, at::kCPU,
                                  components.compute(), holding_of(request), sink);
  if (!request.reference_parity && pixels.size(2) < request.num_frames)
    fail(Status::MediaDecode, "'{}': the file says {} frames, {} can be shown. Convert it.", source.path,
         request.num_frames, pixels.size(2));
  const auto encoder = components.video_encoder(sink);
  sink.progress({.phase = Phase::Condition, .stage = 1, .stage_count = 1});
  const auto latent = encoder->encode_tiled(pixels, video_vae::default_tile_sizes(), sink);
  // By time another number of frames may lie in the clip.
  return latents::fit_latent(
      latent, latents::video_latent_shape(1, request.num_frames, request.height, request.width).frames);
}

at::Tensor Run::encode_sound(const DecodedAudio& sound) {
  const auto encoder = components.audio_encoder(sink);
  sink.progress({.phase = Phase::Condition, .stage = 1});
  return encoder->encode(sound.waveform.unsqueeze(0).to(components.device()), sound.sample_rate, sink);
}

int64_t Run::audio_frames() const {
  return latents::audio_latent_shape_of_clip(1, request.num_frames, request.frame_rate).frames;
}

Latents Run::denoise(const StagePlan& plan, const transformer::Transformer& network,
                     diffusion::Denoiser& denoiser) {
  observe(fmt::format("stage{}.sigmas", plan.stage), plan.sigmas);
  diffusion::StageSpec spec;
  spec.frames = request.num_frames;
  spec.height = plan.height;
  spec.width = plan.width;
  spec.fps = request.frame_rate;
  const auto place = [&](const std::optional<diffusion::StreamSpec>& stream, const char* name) {
    auto placed = stream;
    if (!placed || !placed->initial) return placed;
    placed->initial = placed->initial->to(components.device(), components.compute());
    observe(fmt::format("stage{}.{}.initial", plan.stage, name), *placed->initial);
    return placed;
  };
  spec.video = place(plan.video, "video");
  spec.audio = place(plan.audio, "audio");
  spec.sigmas = plan.sigmas;
  spec.loop = plan.loop;
  spec.max_batch_size = components.max_batch_size();
  spec.dtype = components.compute();
  spec.device = components.device();
  TransformerVelocity velocity(network, components.keyframe_slots(), sink);
  const diffusion::Surroundings surroundings{noise_, sink, observer_, plan.stage, plan.stage_count};
  const auto result = diffusion::run_stage(spec, velocity, denoiser, surroundings);
  Latents latents{result.video.value_or(at::Tensor()), result.audio.value_or(at::Tensor())};
  for (const auto& [name, latent] : {std::pair{"video", latents.video}, std::pair{"audio", latents.audio}}) {
    if (!latent.defined()) continue;
    if (!latent.isfinite().all().item<bool>())
      fail(
          Status::Numeric,
          "the {} latent of stage {} has values that are not finite. Use compute_dtype f32 or other weights.",
          name, plan.stage);
    observe(fmt::format("stage{}.{}", plan.stage, name), latent);
  }
  return latents;
}

at::Tensor Run::upsample(const at::Tensor& video) {
  const auto upsampler = components.spatial_upsampler(sink);
  sink.progress({.phase = Phase::Upsample});
  sink.checkpoint();
  const auto result = upsampler->upsample(video, components.video_statistics());
  require_finite(result, "spatial-upsampler");
  observe("upsampled.video", result);
  return result;
}

DecodedAudio Run::decode_audio(const at::Tensor& latent) {
  const auto network = components.audio_decoder(sink);
  sink.progress({.phase = Phase::Decode, .stage = 1, .stage_count = 2});
  const auto mel = network->decoder.forward(latent, sink);
  observe("audio.mel", mel);
  const auto samples = network->vocoder.forward(mel, sink);
  require_finite(samples, "audio-decoder");
  return {samples[0].to(at::kFloat), static_cast<int32_t>(network->vocoder.sampling_rate())};
}

void Run::decode_video(const at::Tensor& latent, const std::function<void(const at::Tensor&)>& chunk) {
  const auto decoder = components.video_decoder(sink);
  const auto tiling = decode_tiling(request);
  const auto chunks = static_cast<int32_t>(video_vae::expected_chunks(tiling, request.num_frames));
  int32_t done = 0;
  const auto report = [&] {
    sink.progress({.phase = Phase::Decode,
                   .stage = 2,
                   .stage_count = 2,
                   .step = std::min(done, chunks),
                   .step_count = chunks});
  };
  report();
  const auto deliver = [&](const at::Tensor& frames) {
    if (frames.size(0) == 0) return;
    require_finite(frames, "video-decoder");
    chunk(frames);
    ++done;
    report();
  };
  // A decoder with timestep conditioning or injected noise goes on drawing from the run's source (spec 07
  // §6.11).
  const auto draw = [&](at::IntArrayRef shape, const at::TensorOptions& options) {
    diffusion::NoiseRequest draw_request;
    draw_request.shape = shape;
    draw_request.dtype = c10::typeMetaToScalarType(options.dtype());
    draw_request.device = options.device();
    return noise_.normal(draw_request);
  };
  decoder->decode_tiled(latent, tiling, sink, deliver, draw);
}

}  // namespace ltx::pipelines
