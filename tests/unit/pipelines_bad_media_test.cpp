// Media as they come from phones, cameras and broken disks, for each recipe that takes any: a correct clip or
// a clear status, and a pipeline that works as before.
#include "base/error.h"
#include "device/allocation_tracker.h"
#include "pipelines_recipes.h"

using namespace ltx;
using namespace ltx::test;
using engine::PipelineKind;

namespace {

/// What a file comes to: Ok, or a status and a part of the message.
struct Expected {
  std::string path;
  Status status = Status::Ok;
  std::string says = {};
};

/// Files of 17 frames of 64 × 32 pixels at 24 Hz and of sound, made once. `plain` is the same without faults.
struct Shelf {
  TemporaryFolder folder;
  std::string plain, mute, mp4, fast;
  Shelf() {
    plain =
        make_media(folder / "plain.mov",
                   "-f lavfi -i testsrc2=size=64x32:rate=24 -f lavfi -i sine=frequency=330:sample_rate=24000 "
                   "-t 0.7 -c:v png -pix_fmt rgb24 -c:a pcm_s16le");
    mute = from(plain, "mute.mov", "-an -c:v copy");
    mp4 = from(plain, "film.mp4", "-c:v libx264 -pix_fmt yuv420p -c:a aac");
    fast = from(mp4, "fast.mp4", "-c copy -movflags +faststart");
  }
  std::string from(const std::string& source, const char* name, const std::string& arguments) const {
    return make_media(folder / name, "-i '" + source + "' " + arguments);
  }
  std::string still(const char* name, const std::string& arguments) const {
    return make_media(folder / name, "-f lavfi -i testsrc2=size=65x33 -frames:v 1 " + arguments);
  }
  std::string sound(const char* name, const std::string& arguments) const {
    return make_media(folder / name, "-f lavfi -i sine=frequency=330:sample_rate=24000 -t 1 " + arguments);
  }
};

const Shelf& shelf() {
  static const Shelf made;
  return made;
}

/// Nothing of a network stays between calls, so that what does is seen.
engine::PipelineParams cold_params(PipelineKind kind) {
  auto params = recipe_params(kind);
  params.memory_mode = engine::MemoryMode::Cold;
  return params;
}

/// Resolves what is wrong, and checks what it says and that nothing else happened.
void check_refused(pipelines::PipelineEngine& engine, const engine::Request& request, const Expected& file) {
  try {
    latents_of(engine, request);
    FAIL("accepted: " << file.path);
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(error.status() == file.status);
    CHECK(std::string(error.what()).find(file.says) != std::string::npos);
  }
}

Watcher watch(pipelines::PipelineEngine& engine, const engine::Request& request) {
  Watcher watcher;
  QuietSink sink;
  const auto resolved = engine.resolve(request);
  diffusion::GeneratorNoise noise(at::kCPU, resolved.seed);
  engine.generate_with(resolved, noise, sink, &watcher);
  return watcher;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

std::vector<Expected> bad_images() {
  const auto& s = shelf();
  const auto png = s.still("cut_from.png", ""), jpeg = s.still("cut_from.jpg", "");
  return {{cut_file(png, s.folder / "cut.png", 0.5), Status::MediaDecode, "cut.png"},
          {cut_file(jpeg, s.folder / "cut.jpg", 0.5), Status::MediaDecode, "cut.jpg"},
          {s.mp4, Status::FileFormat, "film.mp4"},
          {s.sound("sound.wav", ""), Status::FileFormat, "sound.wav"},
          {write_file(s.folder / "empty.png", ""), Status::FileFormat, "empty"},
          {write_file(s.folder / "words.png", "these are words"), Status::FileFormat, "words.png"},
          {s.folder / "", Status::FileFormat, "not a regular file"},
          {s.folder / "nowhere.png", Status::FileNotFound, "nowhere.png"}};
}

std::vector<std::string> odd_images() {
  const auto& s = shelf();
  return {s.still("dot.png", "-vf scale=1:1"),
          s.still("odd.png", "-vf scale=3:5"),
          s.still("alpha.png", "-vf format=rgba,colorchannelmixer=aa=0.3"),
          s.still("deep.png", "-pix_fmt rgb48be"),
          s.still("grey.png", "-pix_fmt gray"),
          s.still("palette.gif", ""),
          s.still("grey.jpg", "-pix_fmt gray")};
}

}  // namespace

TEST_CASE("bad pictures: every recipe with images") {
  const auto bad = bad_images();
  const auto odd = odd_images();
  for (const auto kind : kRecipes) {
    if (kind == PipelineKind::Retake || kind == PipelineKind::TextToAudio) continue;
    CAPTURE(engine::name_of(kind));
    const device::AllocationTracker memory;
    pipelines::PipelineEngine engine(cold_params(kind));
    const auto request = recipe_request(kind);
    const auto before = latents_of(engine, request);
    const auto live = memory.current();
    for (const auto& file : bad) {
      auto spoiled = request;
      spoiled.images.resize(1);
      spoiled.images[0].pixels.reset();
      spoiled.images[0].path = file.path;
      check_refused(engine, spoiled, file);
    }
    auto strange = request;
    strange.images.clear();
    for (const auto& path : odd) {
      engine::ImageCondition image;
      image.path = path;
      image.frame_index = static_cast<int32_t>(strange.images.size());
      image.strength = 0.5f;
      strange.images.push_back(image);
    }
    CHECK(latents_of(engine, strange) != before);
    CHECK(latents_of(engine, request) == before);
    CHECK(memory.current() == live);
  }
}

TEST_CASE("pictures: alpha is dropped, deep and grey ones are those of eight bits") {
  pipelines::PipelineEngine engine(cold_params(PipelineKind::Distilled));
  auto request = recipe_request(PipelineKind::Distilled);
  const auto& s = shelf();
  const auto condition = [&](const std::string& path) {
    request.images.assign(1, {});
    request.images[0].path = path;
    request.images[0].crf = 0;
    return watch(engine, request)["stage1.video.condition0"];
  };
  const auto file = s.still("plain.png", "-pix_fmt rgb24");
  const auto plain = condition(file);
  CHECK(at::equal(condition(s.from(file, "clear.png", "-vf format=rgba,colorchannelmixer=aa=0.3")), plain));
  CHECK(difference(condition(s.from(file, "deep2.png", "-pix_fmt rgb48be")), plain) < 0.02);
}

TEST_CASE("bad clips: retake") {
  const auto& s = shelf();
  const device::AllocationTracker memory;
  pipelines::PipelineEngine engine(cold_params(PipelineKind::Retake));
  auto request = recipe_request(PipelineKind::Retake);
  request.videos[0].path = s.plain;
  const auto before = latents_of(engine, request);
  const auto live = memory.current();
  const Expected refused[] = {
      {cut_file(s.fast, s.folder / "cut_fast.mp4", 0.6), Status::MediaDecode, "cut_fast.mp4"},
      {cut_file(s.fast, s.folder / "cut_soon.mp4", 0.3), Status::MediaDecode, "cut_soon.mp4"},
      {cut_file(s.mp4, s.folder / "cut_late.mp4", 0.9), Status::MediaDecode, "cut_late.mp4"},
      {s.from(s.plain, "sound_only.mov", "-vn -c:a copy"), Status::FileFormat, "no video stream"},
      {s.from(s.plain, "odd.mov", "-vf scale=65:33 -c:v png"), Status::InvalidArgument, "65x33"},
      {s.from(s.plain, "dot.mov", "-vf scale=1:1 -c:v png"), Status::InvalidArgument, "1x1"},
      {s.from(s.plain, "short.mov", "-frames:v 16 -an -c:v png"), Status::InvalidArgument, "16 frames"},
      {s.sound("tone.wav", ""), Status::FileFormat, "tone.wav"},
      {s.still("still.png", ""), Status::FileFormat, "still.png"},
      {write_file(s.folder / "empty.mp4", ""), Status::FileFormat, "empty"},
      {write_file(s.folder / "words.mp4", "these are words"), Status::FileFormat, "words.mp4"},
  };
  for (const auto& file : refused) {
    auto spoiled = request;
    spoiled.videos[0].path = file.path;
    check_refused(engine, spoiled, file);
  }
  CHECK(latents_of(engine, request) == before);
  CHECK(memory.current() == live);
}

TEST_CASE("strange clips: retake encodes what they show") {
  const auto& s = shelf();
  pipelines::PipelineEngine engine(cold_params(PipelineKind::Retake));
  auto request = recipe_request(PipelineKind::Retake);
  const auto made = [&](const std::string& path) {
    request.videos[0].path = path;
    return watch(engine, request);
  };
  auto plain = made(s.plain);
  const auto same = [&](const std::string& path) {
    CAPTURE(path);
    auto other = made(path);
    CHECK(at::equal(other["stage1.video.initial"], plain["stage1.video.initial"]));
    return other;
  };
  auto mute = same(s.mute);
  CHECK_FALSE(mute.seen.contains("stage1.audio.initial"));
  same(s.from(s.plain, "alpha.mov",
              "-vf format=rgba,colorchannelmixer=aa=0.3 -c:v png -pix_fmt rgba -c:a copy"));
  // 17 frames within one second, their distances one and three frames of 24 Hz.
  const auto variable =
      s.from(s.plain, "variable.mov", "-vf 'setpts=(N+2*floor(N/4))/24/TB' -vsync passthrough -c:v png -an");
  auto uneven = same(variable);
  CHECK(uneven["stage1.video"].size(2) == 3);
  // Ten bits show what eight do, as far as the codec allows.
  auto ten = made(s.from(s.plain, "ten.mp4", "-c:v libx264 -crf 4 -pix_fmt yuv420p10le -c:a aac"));
  auto eight = made(s.from(s.plain, "eight.mp4", "-c:v libx264 -crf 4 -pix_fmt yuv420p -c:a aac"));
  CHECK(difference(ten["stage1.video.initial"], eight["stage1.video.initial"]) < 0.1);
  // A stream that begins late is a clip all the same.
  auto late = same(s.from(s.plain, "late.mkv", "-c copy -output_ts_offset 1.5"));
  CHECK(difference(late["stage1.audio.initial"], plain["stage1.audio.initial"]) < 0.05);
  // So it is where the container stores when a frame is shown, not only when it is decoded.
  const auto film = s.from(s.plain, "film.mov", "-c:v libx264 -pix_fmt yuv420p -c:a copy");
  auto timed = made(film);
  for (const char* name : {"late_film.mkv", "late_film.mov"}) {
    CAPTURE(std::string(name));
    auto later = made(s.from(film, name, "-c copy -output_ts_offset 1.5"));
    CHECK(at::equal(later["stage1.video.initial"], timed["stage1.video.initial"]));
    CHECK(difference(later["stage1.audio.initial"], timed["stage1.audio.initial"]) < 0.05);
  }
  // A sound that begins after the picture stays with it, whatever its codec: silence comes first, as in what
  // FFmpeg's program makes of the file. The reference begins with the sound.
  const std::string offset = "-itsoffset 0.25 -i '" + s.plain + "' -map 0:v -map 1:a -c:v copy -ac 1 ";
  for (const auto& behind :
       {std::pair{"behind.mkv", "-c:a aac"}, {"behind.mov", "-c:a aac"}, {"behind_pcm.mov", "-c:a copy"}}) {
    CAPTURE(std::string(behind.first));
    const auto path = s.from(s.plain, behind.first, offset + behind.second);
    const auto padded =
        made(s.from(path, "padded.mov", "-c:v copy -af aresample=async=1:first_pts=0 -c:a pcm_f32le"));
    CHECK(difference(made(path)["stage1.audio.initial"], padded["stage1.audio.initial"]) < 0.01);
    request.reference_parity = true;
    CHECK(difference(made(path)["stage1.audio.initial"], padded["stage1.audio.initial"]) > 0.2);
    request.reference_parity = false;
  }
}

TEST_CASE("a phone held upright: turned as it says, and as it is stored with reference_parity") {
  const auto& s = shelf();
  pipelines::PipelineEngine engine(cold_params(PipelineKind::Retake));
  auto request = recipe_request(PipelineKind::Retake);
  const auto initial = [&](const std::string& path) {
    request.videos[0].path = path;
    return watch(engine, request)["stage1.video.initial"];
  };
  const auto turned = turn_film(s.plain, s.folder / "upright.mov", 0, 1, -1, 0);
  const auto upright = initial(turned);
  CHECK(upright.size(3) == 2);
  CHECK(upright.size(4) == 1);
  CHECK(at::equal(upright, initial(s.from(s.plain, "clock.mov", "-vf transpose=clock -c:v png -c:a copy"))));
  CHECK_FALSE(
      at::equal(upright, initial(s.from(s.plain, "cclock.mov", "-vf transpose=cclock -c:v png -c:a copy"))));
  const auto plain = initial(s.plain);
  request.reference_parity = true;
  CHECK(at::equal(initial(turned), plain));
}

TEST_CASE("bad and strange clips: ic-lora") {
  const auto& s = shelf();
  const device::AllocationTracker memory;
  pipelines::PipelineEngine engine(cold_params(PipelineKind::IcLora));
  auto request = recipe_request(PipelineKind::IcLora);
  request.skip_stage_2 = true;
  request.videos[0].path = s.plain;
  const auto before = latents_of(engine, request);
  const auto live = memory.current();
  const Expected refused[] = {
      {cut_file(s.fast, s.folder / "ref_fast.mp4", 0.45), Status::MediaDecode, "ref_fast.mp4"},
      {cut_file(s.mp4, s.folder / "ref_late.mp4", 0.9), Status::MediaDecode, "ref_late.mp4"},
      {s.from(s.plain, "ref_sound.mov", "-vn -c:a copy"), Status::FileFormat, "no video stream"},
      {s.still("ref_still.png", ""), Status::FileFormat, "ref_still.png"},
      {write_file(s.folder / "ref_empty.mp4", ""), Status::FileFormat, "empty"},
  };
  for (const auto role : {engine::VideoRole::Reference, engine::VideoRole::Mask})
    for (const auto& file : refused) {
      auto spoiled = request;
      if (role == engine::VideoRole::Mask) spoiled.videos.push_back(request.videos[0]);
      spoiled.videos.back().role = role;
      spoiled.videos.back().path = file.path;
      check_refused(engine, spoiled, file);
    }

  auto strange = request;
  for (const auto& path :
       {s.from(s.plain, "ref_mute.mov", "-an -c:v copy"),
        s.from(s.plain, "ref_alpha.mov", "-vf format=rgba,colorchannelmixer=aa=0.3 -c:v png -pix_fmt rgba"),
        s.from(s.plain, "ref_uneven.mov", "-vf 'setpts=(N+2*floor(N/4))/24/TB' -vsync passthrough -c:v png"),
        turn_film(s.plain, s.folder / "ref_turned.mov", 0, 1, -1, 0),
        s.from(s.plain, "ref_clock.mov", "-vf transpose=clock -c:v png"),
        s.from(s.plain, "ref_odd.mov", "-vf scale=65:33 -c:v png"),
        s.from(s.plain, "ref_dot.mov", "-vf scale=1:1 -c:v png"),
        s.from(s.plain, "ref_ten.mp4", "-c:v libx264 -crf 4 -pix_fmt yuv420p10le")}) {
    strange.videos.push_back(request.videos[0]);
    strange.videos.back().path = path;
  }
  auto seen = watch(engine, strange);
  const auto condition = [&](int i) { return seen["stage1.video.condition" + std::to_string(i)]; };
  for (int i = 1; i <= 3; ++i) CHECK(at::equal(condition(i), condition(0)));
  CHECK(at::equal(condition(4), condition(5)));
  CHECK_FALSE(at::equal(condition(4), condition(0)));
  for (int i = 6; i <= 8; ++i) CHECK(condition(i).sizes() == condition(0).sizes());
  seen.seen.clear();  // what it kept is memory, too
  CHECK(latents_of(engine, request) == before);
  CHECK(memory.current() == live);
}

TEST_CASE("bad and strange sounds: audio-to-video, and below a retake") {
  const auto& s = shelf();
  std::string header = bytes_of_file(s.sound("tone2.wav", "-bitexact"));
  header.resize(44);
  for (const size_t size_at : {4u, 40u})  // of the file, of the samples
    for (size_t i = 0; i < 4; ++i) header[size_at + i] = static_cast<char>(size_at == 4 && i == 0 ? 36 : 0);
  const auto wav = s.sound("cut_from.wav", "-ac 2");
  const auto aac = s.sound("cut_from.m4a", "-c:a aac -movflags +faststart");
  const Expected refused[] = {
      {write_file(s.folder / "zero.wav", header), Status::InvalidArgument, "no sound"},
      {s.mute, Status::InvalidArgument, "no sound"},
      {cut_file(aac, s.folder / "cut.m4a", 0.3), Status::MediaDecode, "cut.m4a"},
      {cut_file(wav, s.folder / "cut_early.wav", 0.2), Status::MediaDecode, "cut off"},
      {s.still("still2.png", ""), Status::InvalidArgument, "no sound"},
      {write_file(s.folder / "empty.wav", ""), Status::FileFormat, "empty"},
      {write_file(s.folder / "words.wav", "these are words"), Status::FileFormat, "words.wav"},
  };
  const std::string strange[] = {
      make_media(
          s.folder / "eight.wav",
          "-f lavfi -i 'aevalsrc=0.1*sin(300*t)|0.2*sin(400*t)|0|0.1|0|0|0.3*sin(500*t)|0:c=7.1:s=48000'"
          " -t 1"),
      s.sound("bytes.wav", "-c:a pcm_u8"),
      s.sound("fine.flac", "-ar 192000 -sample_fmt s32"),
      s.sound("coarse.wav", "-ar 8000"),
      cut_file(wav, s.folder / "cut.wav", 0.9),
      s.mp4};
  for (const auto kind : {PipelineKind::AudioToVideo, PipelineKind::Retake}) {
    CAPTURE(engine::name_of(kind));
    const device::AllocationTracker memory;
    pipelines::PipelineEngine engine(cold_params(kind));
    auto request = recipe_request(kind);
    request.audio.emplace();
    request.audio->path = wav;
    const auto before = latents_of(engine, request);
    const auto live = memory.current();
    auto spoiled = request;
    for (const auto& file : refused) {
      spoiled.audio->path = file.path;
      check_refused(engine, spoiled, file);
    }
    if (kind == PipelineKind::AudioToVideo) {  // 0.2 s for a clip of 0.375 s
      const Expected brief{s.sound("brief.wav", "-af atrim=end=0.2"), Status::InvalidArgument, "at most"};
      spoiled.audio->path = brief.path;
      check_refused(engine, spoiled, brief);
    }
    for (const auto& path : strange) {
      CAPTURE(path);
      spoiled.audio->path = path;
      auto seen = watch(engine, spoiled);
      CHECK(seen["stage1.audio.initial"].isfinite().all().item<bool>());
      CHECK(seen["stage1.audio"].size(2) == (kind == PipelineKind::AudioToVideo ? 9 : 18));
    }
    CHECK(latents_of(engine, request) == before);
    CHECK(memory.current() == live);
  }
}
