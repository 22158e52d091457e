#include "toy_backend.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <span>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "io/atomic_file.h"

namespace ltx::toy {
namespace {

struct Foreign {};  // an exception that only the translator knows

int number(const std::map<std::string, std::string>& script, const char* key, int otherwise) {
  const auto found = script.find(key);
  return found == script.end() ? otherwise : std::atoi(found->second.c_str());
}

void pause(int milliseconds) {
  if (milliseconds > 0) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

void misbehave(const std::map<std::string, std::string>& script) {
  if (const int status = number(script, "fail", 0))
    fail(static_cast<Status>(status), "the toy was told to fail with {}. Tell it otherwise.", status);
  const auto found = script.find("throw");
  if (found == script.end()) return;
  if (found->second == "bad_alloc") throw std::bad_alloc();
  if (found->second == "std") throw std::out_of_range("a standard exception");
  if (found->second == "int") throw 7;
  if (found->second == "foreign") throw Foreign();
}

class Running {
 public:
  Running() { ++probe().runs; }
  ~Running() { --probe().runs; }
};

void check(const engine::Sink& sink) {
  ++probe().checkpoints;
  sink.checkpoint();
}

}  // namespace

Probe& probe() {
  static Probe instance;
  return instance;
}

std::map<std::string, std::string> parse_script(const std::string& prompt) {
  std::map<std::string, std::string> script;
  std::istringstream words(prompt);
  for (std::string word; words >> word;)
    if (const size_t equals = word.find('='); equals != std::string::npos)
      script[word.substr(0, equals)] = word.substr(equals + 1);
  return script;
}

Engine::Engine(const engine::PipelineParams& params) : params_(params) {
  if (params.models.checkpoint.empty() && params.models.root.empty())
    fail(Status::ComponentMissing, "the toy needs a transformer. Set params.models.checkpoint.");
  params_.quant = params_.text_quant = engine::QuantPolicy::None;
  if (params_.device_type == engine::DeviceType::Auto) params_.device_type = engine::DeviceType::Cpu;
  params_.memory_mode = engine::MemoryMode::Persistent;
  ++probe().engines;
}

Engine::~Engine() {
  --probe().engines;
}

engine::ComponentState Engine::component(engine::Component component) const {
  if (component == engine::Component::DurationHead)
    fail(Status::Unsupported, "the toy has no duration head. Ask for another.");
  engine::ComponentState state;
  state.component = component;
  state.residency = engine::Residency::Device;
  state.on_device = loaded_;
  state.host_bytes = loaded_ ? 64 : 0;
  state.file_bytes = 64;
  return state;
}

engine::Request Engine::resolve(const engine::Request& request) const {
  engine::Request r = request;
  if (r.width < 0) r.width = 64;
  if (r.height < 0) r.height = 32;
  if (r.width % 32 || r.height % 32)
    fail(Status::InvalidArgument, "request.width is {} and request.height {}. Use multiples of 32.", r.width,
         r.height);
  if (r.num_frames < 0) r.num_frames = 9;
  if (r.frame_rate < 0) r.frame_rate = 24;
  if (r.stage_1_sigmas.empty()) r.stage_1_sigmas = {1.0f, 0.5f, 0.0f};
  if (params_.kind == engine::PipelineKind::OneStage) {
    if (r.num_inference_steps < 0) r.num_inference_steps = 2;
    if (!r.negative_prompt) r.negative_prompt = "ugly";
    if (!r.video_guidance) r.video_guidance.emplace();
    if (r.video_guidance->cfg_scale < 0) r.video_guidance->cfg_scale = 3;
    if (!r.video_guidance->stg_blocks) r.video_guidance->stg_blocks = {28};
  }
  for (engine::ImageCondition& image : r.images)
    if (image.crf < 0) image.crf = 33;
  misbehave(parse_script(r.negative_prompt.value_or("")));
  return r;
}

engine::Output Engine::generate(const engine::Request& r, engine::Sink& sink) {
  const Running running;
  const auto script = parse_script(r.prompt);
  const int delay = number(script, "delay", 0), chunks = number(script, "chunks", 3),
            steps = number(script, "steps", 4);
  if (!script.contains("unplanned"))
    sink.plan({{Phase::Load, 0, 1},
               {Phase::Text, 0, 1},
               {Phase::Denoise, 1, 4},
               {Phase::Denoise, 2, 2},
               {Phase::Decode, 0, 2}});
  sink.progress({.phase = Phase::Load, .bytes_done = 0, .bytes_total = 64});
  check(sink);
  loaded_ = true;
  sink.progress({.phase = Phase::Load, .bytes_done = 64, .bytes_total = 64});
  sink.progress({.phase = Phase::Text});
  for (int i = 0; i < number(script, "logs", 1); ++i)
    sink.log(LogLevel::Warning, "toy", fmt::format("line {}", i));
  sink.log(LogLevel::Debug, "toy", "nobody asked");
  misbehave(script);
  for (int stage = 1; stage <= 2; ++stage)
    for (int step = 1; step <= steps; ++step) {
      check(sink);
      sink.progress({Phase::Denoise, stage, 2, step, steps, 1.0 - step / static_cast<double>(steps)});
      pause(delay);
    }
  engine::Pixels frame;
  frame.format = engine::channel_bytes(r.output.pixel_format) == 1 ? engine::PixelFormat::Rgb8
                                                                   : engine::PixelFormat::RgbF32;
  frame.width = r.width;
  frame.height = r.height;
  frame.frame_count = 1;
  frame.frame_rate = r.frame_rate;
  for (int i = 0; i < chunks; ++i) {
    check(sink);
    sink.progress({.phase = Phase::Decode, .step = i + 1, .step_count = chunks});
    const auto data = std::make_shared<std::byte[]>(frame.frame_bytes());
    for (uint64_t k = 0; k < frame.frame_bytes() / static_cast<uint64_t>(engine::channel_bytes(frame.format));
         ++k) {
      if (frame.format == engine::PixelFormat::Rgb8)
        data[k] = static_cast<std::byte>((k + static_cast<uint64_t>(i) + r.seed) % 251);
      else
        reinterpret_cast<float*>(data.get())[k] = static_cast<float>(k % 256) / 256.0f;
    }
    frame.data = data;
    sink.frames(frame);
    ++probe().chunks_sent;
    pause(delay);
  }
  for (int part = 0; part < 2; ++part) {
    const auto data = std::make_shared<float[]>(8);
    for (int k = 0; k < 8; ++k) data[k] = static_cast<float>(part * 10 + k);
    sink.audio({2, 24000, 4, data});
  }
  if (!r.output.path.empty()) {
    std::ofstream file(r.output.path);
    file << "toy";
    if (!file) fail(Status::FileAccess, "'{}' cannot be written. Choose another folder.", r.output.path);
  }
  engine::Output output;
  output.video_latent = {{1, 2}, {static_cast<float>(r.seed), 2.0f}};
  output.audio_latent = {{1}, {3.0f}};
  output.metadata = "{}";
  output.disk_bytes_read = 64;
  return output;
}

void Engine::encode_text(const engine::Request& request, const std::string& path, engine::Sink& sink) {
  sink.progress({.phase = Phase::Text});
  check(sink);
  std::ofstream(path) << request.prompt;
}

engine::EnhancedPrompt Engine::enhance_prompt(const engine::Request& request, engine::Sink& sink) {
  const auto script = parse_script(request.prompt);
  const int steps = number(script, "steps", 4);
  sink.plan({{Phase::Enhance, 0, 1}});
  for (int step = 1; step <= steps; ++step) {
    check(sink);
    sink.progress({.phase = Phase::Enhance, .step = step, .step_count = steps});
    pause(number(script, "delay", 0));
  }
  misbehave(script);
  const auto seed = request.enhance_seed < 0 ? request.seed : static_cast<uint64_t>(request.enhance_seed);
  return {"better: " + request.prompt, seed, steps, !request.images.empty(), true};
}

void Engine::calibrate(const std::vector<engine::Request>& resolved, const std::string& path,
                       engine::Sink& sink) {
  sink.progress({.phase = Phase::Calibrate});
  check(sink);
  std::ofstream file(path);
  for (const auto& request : resolved) file << request.prompt << "\n";
}

void Engine::preload(engine::Component, engine::Sink& sink) {
  sink.progress({.phase = Phase::Load, .bytes_done = 64, .bytes_total = 64});
  check(sink);
  loaded_ = true;
}

void Engine::evict(engine::Component) {
  loaded_ = false;
}

namespace {

class Backend final : public api::Backend {
 public:
  void convert(const engine::ConvertParams& params, engine::Sink& sink) override {
    // With `overwrite` it lasts until it is cancelled.
    for (uint64_t done = 0; done <= 4 || params.overwrite; ++done) {
      sink.progress({.phase = Phase::Convert, .bytes_done = done % 5, .bytes_total = 4});
      check(sink);
    }
    sink.log(LogLevel::Info, "convert", "done");
    std::ofstream(params.output_path) << "converted " << params.source.models.checkpoint;
  }

  std::unique_ptr<engine::Engine> make_engine(const engine::PipelineParams& params) override {
    misbehave(parse_script(params.models.transformer));
    return std::make_unique<Engine>(params);
  }
  void save_clip(const engine::Clip& clip, const engine::OutputOptions& options,
                 engine::Sink& sink) override {
    sink.progress({.phase = Phase::Encode, .step = 1, .step_count = 1});
    const auto text = std::to_string(clip.video.frame_count) + ' ' + std::to_string(clip.audio.sample_count);
    io::AtomicFile file(options.path);
    file.write(std::as_bytes(std::span(text)));
    file.commit();
  }
  nlohmann::json inspect(const std::string& path) override {
    if (!std::filesystem::exists(path))
      fail(Status::FileNotFound, "path names '{}', which does not exist. Check it.", path);
    return {{"kind", "toy"}};
  }
  nlohmann::json build_info() override { return {{"torch", nullptr}}; }
  std::vector<api::DeviceInfo> devices(bool) override {
    api::DeviceInfo cpu;
    cpu.name = "toy processor";
    cpu.total_bytes = 1;
    return {cpu};
  }
  void check_media() override {}
  api::ExceptionTranslator translator() override {
    return [](api::Failure& failure) {
      try {
        throw;
      } catch (const Foreign&) {
        failure = {Status::OutOfDeviceMemory, "a foreign exception. Use less memory."};
        return true;
      } catch (...) {
        return false;
      }
    };
  }
};

}  // namespace
}  // namespace ltx::toy

std::unique_ptr<ltx::api::Backend> ltx::api::make_backend() {
  return std::make_unique<toy::Backend>();
}
