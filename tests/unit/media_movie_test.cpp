// Films: what is written is read back; whatever goes wrong leaves nothing behind.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "media/audio_reader.h"
#include "media/movie_writer.h"
#include "media/video_reader.h"
#include "media/wav.h"
#include "media/yuv.h"
#include "media_support.h"

using namespace ltx;
using namespace ltx::test;

namespace {

constexpr int kWidth = 64, kHeight = 48, kRate = 48000;

std::vector<uint8_t> i420(const media::Image& image) {
  return media::rgb8_to_i420(image.rgb, image.width, image.height);
}

media::VideoTrack track(double frame_rate = 24) {
  media::VideoTrack video;
  video.width = kWidth;
  video.height = kHeight;
  video.frame_rate = frame_rate;
  video.crf = 12;
  return video;
}

struct Sound {
  std::vector<float> left, right;
  explicit Sound(double seconds) {
    const auto samples = static_cast<size_t>(seconds * kRate);
    left = tone(440, kRate, samples);
    right = tone(880, kRate, samples);
  }
  media::AudioTrack track() const { return {left, right, kRate, 0}; }
};

void write_film(const fs::path& path, int frames, double frame_rate, const Sound& sound,
                const std::string& comment = {}, Monitor& monitor = Monitor::silent()) {
  media::MovieWriter writer(path, track(frame_rate), sound.track(), comment, monitor);
  for (int i = 0; i < frames; ++i) writer.write_frame(i420(picture(kWidth, kHeight, i)));
  writer.finish();
}

double rms(std::span<const float> samples) {
  double sum = 0;
  for (const float s : samples) sum += static_cast<double>(s) * s;
  return std::sqrt(sum / static_cast<double>(samples.size()));
}

/// Runs `body` in a child and returns its exit code, or 128 + signal: limits and identities cannot be taken
/// back in this process.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a film comes back with its frames, colours, rate and sound, in every container") {
  const Folder folder;
  const Sound sound(1.0);
  for (const char* name : {"clip.mp4", "clip.MOV", "sub/clip.mkv"}) {
    CAPTURE(name);
    CHECK(stderr_of([&] { write_film(folder / name, 20, 24, sound, R"({"seed": 7})"); }) == "");
    const auto info = media::probe_video(folder / name);
    CHECK(info.width == kWidth);
    CHECK(info.height == kHeight);
    CHECK(info.frame_count == 20);
    CHECK(info.frame_rate == doctest::Approx(24).epsilon(0.01));
    int index = 0;
    double off = 0;
    CHECK(media::read_video(folder / name, media::IndexWindow{}, [&](const media::FrameView& frame) {
            const auto expected = picture(kWidth, kHeight, index++);
            for (size_t i = 0; i < expected.rgb.size(); ++i) off += std::abs(expected.rgb[i] - frame.rgb[i]);
          }) == 20);
    // A wrong matrix or range at either end moves saturated colours by 10 codes and more.
    CHECK(off / (20.0 * kWidth * kHeight * 3) < 4);
    const auto back = media::read_audio(folder / name);
    REQUIRE(back);
    CHECK(back->channels == 2);
    CHECK(back->sample_rate == kRate);
    CHECK(std::abs(static_cast<double>(back->samples) - kRate) <= 2048);
    CHECK(rms(back->channel(0)) == doctest::Approx(rms(sound.left)).epsilon(0.05));
    CHECK(slurp(folder / name).find(R"({"seed": 7})") != std::string::npos);
  }
  CHECK(fs::exists(folder / "sub/clip.mkv"));
  CHECK(folder.entries() == 3);
}

TEST_CASE("frame rates: exact, or the reference's whole part") {
  const Folder folder;
  auto video = track(30000.0 / 1001);
  for (const bool whole : {false, true}) {
    video.whole_frame_rate = whole;
    media::MovieWriter writer(folder / "r.mp4", video, std::nullopt);
    for (int i = 0; i < 10; ++i) writer.write_frame(i420(picture(kWidth, kHeight, i)));
    CHECK(writer.frames() == 10);
    writer.finish();
    CHECK(media::probe_video(folder / "r.mp4").frame_rate ==
          doctest::Approx(whole ? 29 : 30000.0 / 1001).epsilon(1e-6));
  }
}

TEST_CASE("long sound with few pictures, and sound alone") {
  const Folder folder;
  const Sound sound(25.0);
  write_film(folder / "long.mp4", 1, 24, sound);
  CHECK(media::probe_video(folder / "long.mp4").frame_count == 1);
  CHECK(std::abs(static_cast<double>(media::read_audio(folder / "long.mp4")->samples) - 25.0 * kRate) <=
        2048);
  media::MovieWriter writer(folder / "sound.mp4", std::nullopt, sound.track());
  writer.finish();
  CHECK(media::read_audio(folder / "sound.mp4")->sample_rate == kRate);
  CHECK(outcome([&] { media::probe_video(folder / "sound.mp4"); }).says("no video stream"));
}

TEST_CASE("windows by index and by time") {
  const Folder folder;
  write_film(folder / "w.mp4", 24, 24, Sound(1.0));
  const auto count = [&](auto window) {
    return media::read_video(folder / "w.mp4", window, [](const media::FrameView&) {});
  };
  CHECK(count(media::IndexWindow{}) == 24);
  CHECK(count(media::IndexWindow{20, std::nullopt}) == 4);
  CHECK(count(media::IndexWindow{3, 5}) == 5);
  CHECK(count(media::IndexWindow{99, 5}) == 0);
  CHECK(count(media::IndexWindow{0, 0}) == 0);
  CHECK(count(media::TimeWindow{0, 10}) == 24);
  CHECK(count(media::TimeWindow{0.5, 0.25}) == 6);
  CHECK(count(media::TimeWindow{7, 1}) == 0);
  CHECK(outcome([&] { count(media::TimeWindow{-1, 1}); }).status == Status::InvalidArgument);
  Stopper stop(3);
  CHECK(outcome([&] {
          media::read_video(
              folder / "w.mp4", media::IndexWindow{}, [](const media::FrameView&) {}, stop);
        }).status == Status::Cancelled);
}

TEST_CASE("a film without its end or with a hole is an error, and nothing is printed") {
  const Folder folder;
  write_film(folder / "whole.mp4", 24, 24, Sound(1.0));
  const std::string film = slurp(folder / "whole.mp4");
  CHECK(stderr_of([&] {
          for (const double part : {0.05, 0.5, 0.95}) {
            spit(folder / "cut.mp4",
                 film.substr(0, static_cast<size_t>(part * static_cast<double>(film.size()))));
            CHECK(outcome([&] { media::probe_video(folder / "cut.mp4"); }).status == Status::MediaDecode);
          }
        }) == "");
}

TEST_CASE("arguments are refused before anything is created") {
  const Folder folder;
  const Sound sound(0.1);
  const auto open = [&](const char* name, std::optional<media::VideoTrack> video,
                        std::optional<media::AudioTrack> audio) {
    return outcome([&] { media::MovieWriter(folder / name, video, audio); });
  };
  const auto with = [](auto change) {
    auto video = track();
    change(video);
    return video;
  };
  CHECK(open("a.avi", track(), {}).says("'.avi'"));
  CHECK(open("a", track(), {}).status == Status::InvalidArgument);
  CHECK(open("a.wav", track(), {}).says("sound only"));
  CHECK(open("a.mp4", {}, {}).says("neither"));
  CHECK(open("a.mp4", with([](auto& v) { v.width = 63; }), {}).says("63x48"));
  CHECK(open("a.mp4", with([](auto& v) { v.height = 0; }), {}).status == Status::InvalidArgument);
  CHECK(open("a.mp4", with([](auto& v) { v.crf = 52; }), {}).says("52"));
  CHECK(open("a.mp4", with([](auto& v) { v.frame_rate = NAN; }), {}).status == Status::InvalidArgument);
  CHECK(open("a.mp4", with([](auto& v) { v.frame_rate = 0.5, v.whole_frame_rate = true; }), {}).status ==
        Status::InvalidArgument);
  auto audio = sound.track();
  audio.right = audio.right.first(7);
  CHECK(open("a.mp4", track(), audio).says("7 right"));
  audio.left = audio.right = {};
  CHECK(open("a.mp4", track(), audio).says("0 samples"));
  audio = sound.track();
  audio.sample_rate = 1234;
  const auto odd_rate = open("a.mp4", track(), audio);
  CHECK(odd_rate.status == Status::MediaEncode);
  CHECK(odd_rate.says("1234 Hz"));
  CHECK(outcome([&] { media::check_output(folder / "x/y.avi", true, true); }).status ==
        Status::InvalidArgument);
  CHECK(outcome([&] { media::check_output(folder / "x/y.mp4", true, true); }).status == Status::Ok);
  CHECK(folder.entries() == 0);
}

TEST_CASE("no frame, a wrong frame, cancellation and abandonment leave nothing, and keep what was there") {
  const Folder folder;
  const Sound sound(0.5);
  spit(folder / "film.mp4", "an older film");
  CHECK(outcome([&] { write_film(folder / "film.mp4", 0, 24, sound); }).says("no frame"));
  CHECK(outcome([&] {
          media::MovieWriter writer(folder / "film.mp4", track(), {});
          writer.write_frame(std::vector<uint8_t>(10));
        }).says("10 bytes"));
  for (int stop_at = 0; stop_at < 30; stop_at += 3) {
    Stopper stop(stop_at);
    CHECK(outcome([&] { write_film(folder / "new/film.mp4", 40, 24, sound, {}, stop); }).status ==
          Status::Cancelled);
  }
  { media::MovieWriter abandoned(folder / "film.mp4", track(), sound.track()); }
  CHECK(slurp(folder / "film.mp4") == "an older film");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a full disk is DiskFull, is no signal, and leaves nothing") {
  const Folder folder;
  const auto limited = [&](const std::function<void()>& body) {
    return in_child([&] {
      const rlimit limit{20000, 20000};
      setrlimit(RLIMIT_FSIZE, &limit);
      const auto result = outcome(body);
      sigset_t pending, blocked;
      sigpending(&pending);
      pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
      if (sigismember(&pending, SIGXFSZ) || sigismember(&blocked, SIGXFSZ)) return 2;
      return result.status == Status::DiskFull && result.says("cannot write") ? 0 : 1;
    });
  };
  for (const char* name : {"film.mp4", "film.mkv"})
    CHECK(limited([&] {
            media::MovieWriter writer(folder / name, track(), {});
            for (uint32_t i = 0; i < 60; ++i) writer.write_frame(i420(noise(kWidth, kHeight, i)));
            writer.finish();
          }) == 0);
  const auto wave = tone(440, 8000, 40000);
  CHECK(limited([&] { media::write_wav(folder / "tone.wav", wave, wave, 8000); }) == 0);
  CHECK(limited([&] { media::write_png(folder / "noise.png", noise(200, 200, 1)); }) == 0);
  CHECK(folder.entries() == 0);
}

TEST_CASE("folders in which nothing can be created") {
  const Folder folder;
  spit(folder / "file", "x");
  CHECK(outcome([&] { media::check_output(folder / "file/clip.mp4", true, false); }).status ==
        Status::FileAccess);
  CHECK(outcome([&] { media::check_output("/proc/clip.mp4", true, false); }).status == Status::FileAccess);
  fs::create_directory(folder / "clip.mp4");
  CHECK(outcome([&] { media::check_output(folder / "clip.mp4", true, false); }).says("a folder"));
  fs::create_directory(folder / "locked");
  fs::permissions(folder / "locked", fs::perms::none);
  CHECK(in_child([&] {
          constexpr uid_t kNobody = 65534;
          if (geteuid() == 0 &&
              (chmod(folder.path().c_str(), 0755) != 0 || setresuid(kNobody, kNobody, kNobody) != 0))
            return 3;
          const auto write = outcome([&] { media::check_output(folder / "locked/clip.mp4", true, false); });
          const auto read = outcome([&] { media::read_image(folder / "locked/image.png"); });
          return write.status == Status::FileAccess && write.says("locked") &&
                         read.status == Status::FileAccess
                     ? 0
                     : 1;
        }) == 0);
  fs::permissions(folder / "locked", fs::perms::owner_all);
}

TEST_CASE("writers on several threads do not meet") {
  const Folder folder;
  const Sound sound(0.2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&, i] { write_film(folder / (std::to_string(i) + ".mp4"), 8, 24, sound); });
  for (auto& thread : threads) thread.join();
  for (int i = 1; i < 3; ++i)
    CHECK(media::probe_video(folder / (std::to_string(i) + ".mp4")).frame_count == 8);
  CHECK(folder.entries() == 3);
}
