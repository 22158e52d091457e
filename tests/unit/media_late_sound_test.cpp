// Sound that begins late in its file, and windows into codecs whose frames depend on those before: what is
// read is what FFmpeg's own program decodes of the same file from its start on.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "media/audio_reader.h"
#include "media_support.h"

using namespace ltx;
using namespace ltx::test;

namespace {

constexpr int kRate = 48000;

void ffmpeg(const std::string& arguments, const fs::path& path) {
  const std::string command = "ffmpeg -v error -nostdin -y " + arguments + " '" + path.string() + "'";
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

/// A film whose picture begins at `picture` s and whose sound, a voice-like chirp of 2 s, 0.5 s after it.
/// Without noise substitution: that draws anew after each seek.
fs::path late_film(const Folder& folder, const std::string& name, const std::string& codec, double picture) {
  ffmpeg(
      "-f lavfi -i testsrc2=size=64x32:rate=24:d=3 -itsoffset 0.5 "
      "-f lavfi -i \"aevalsrc='0.4*sin(2*PI*(220*t+180*t*t))':s=48000:d=2\" "
      "-c:v libx264 -pix_fmt yuv420p -ac 2 " +
          codec,
      folder / ("film_" + name));
  ffmpeg("-i '" + (folder / ("film_" + name)).string() + "' -c copy -output_ts_offset " +
             std::to_string(picture),
         folder / name);
  return folder / name;
}

/// The whole stream as FFmpeg's program decodes it.
media::Audio whole(const Folder& folder, const fs::path& film) {
  ffmpeg("-i '" + film.string() + "' -map 0:a -c:a pcm_f32le", folder / "whole.wav");
  return media::read_audio(folder / "whole.wav").value();
}

/// Where `part` lies within `all`, both channels to the last bit; -1 if it does not.
int64_t place(const media::Audio& part, const media::Audio& all) {
  const auto left = all.channel(0), wanted = part.channel(0);
  const auto found = std::search(left.begin(), left.end(), wanted.begin(), wanted.end());
  if (found == left.end()) return -1;
  const int64_t at = found - left.begin();
  return std::ranges::equal(part.channel(1), all.channel(1).subspan(static_cast<size_t>(at), wanted.size()))
             ? at
             : -1;
}

struct Kind {
  const char *name, *codec;
};
constexpr Kind kKinds[] = {{"late.mp4", "-c:a aac -aac_pns 0"}, {"late.mov", "-c:a aac -aac_pns 0"},
                           {"late.mkv", "-c:a aac -aac_pns 0"}, {"mp3.mkv", "-c:a libmp3lame"},
                           {"vorbis.mkv", "-c:a libvorbis"},    {"pcm.mov", "-c:a pcm_s16le"}};

}  // namespace

TEST_CASE("sound that begins late is read to its end, and is what FFmpeg decodes") {
  const Folder folder;
  for (const auto& kind : kKinds) {
    CAPTURE(std::string(kind.name));
    const auto film = late_film(folder, kind.name, kind.codec, 1.5);
    const auto all = whole(folder, film);
    CHECK(all.samples >= 2 * kRate);
    const auto read = media::read_audio(film).value();
    CHECK(read.samples == all.samples);
    CHECK(read.data == all.data);
  }
  // The reference measures the stream's duration from the file's zero: of 2 s that begin at 2 s hardly
  // a frame is left.
  const auto parity =
      media::read_audio(folder / "late.mp4", {.start_time = 0, .max_duration = {}, .reference_parity = true});
  CHECK((!parity || parity->samples <= 4096));
}

TEST_CASE("a window into a sound has the samples that reading from the start has") {
  const Folder folder;
  for (const auto& kind : kKinds) {
    const auto film = late_film(folder, kind.name, kind.codec, 1.5);
    const auto all = whole(folder, film);
    for (const double start : {2.005, 2.015, 2.2, 2.7, 3.4}) {
      CAPTURE(std::string(kind.name));
      CAPTURE(start);
      const auto part = media::read_audio(film, {.start_time = start, .max_duration = 0.4});
      REQUIRE(part);
      CHECK(part->samples == std::lround(0.4 * kRate));
      const int64_t at = place(*part, all);
      // The sound begins at 2 s, its encoder's own lead-in up to 0.05 s before; times are whole milliseconds.
      CHECK(at >= std::lround((start - 2.0) * kRate) - 60);
      CHECK(at <= std::lround((start - 1.95) * kRate) + 60);
    }
  }
  // The reference begins with the frame at the window's start, without the one that it overlaps.
  const auto part = media::read_audio(folder / "late.mp4",
                                      {.start_time = 2.7, .max_duration = 0.4, .reference_parity = true});
  REQUIRE(part);
  CHECK(place(*part, whole(folder, folder / "late.mp4")) == -1);
  CHECK_FALSE(media::read_audio(folder / "late.mp4", {.start_time = 2.7, .max_duration = 0.0}).has_value());
}

TEST_CASE("a window behind the beginning of a sound hears its encoder's lead-in, and ADPCM its past") {
  const Folder folder;
  ffmpeg("-f lavfi -i \"aevalsrc='0.4*sin(2*PI*(220*t+180*t*t))':s=48000:d=2\" -ac 2 -c:a aac -aac_pns 0",
         folder / "plain.m4a");
  const auto part =
      media::read_audio(folder / "plain.m4a", {.start_time = 0.01, .max_duration = 0.4}).value();
  CHECK(std::abs(place(part, whole(folder, folder / "plain.m4a")) - kRate / 100) <= 1);

  ffmpeg("-f lavfi -i \"aevalsrc='0.4*sin(2*PI*(220*t+180*t*t))':s=16000:d=5\" -ac 1 -c:a g722",
         folder / "g722.mkv");
  const auto all = whole(folder, folder / "g722.mkv");
  const auto late = media::read_audio(folder / "g722.mkv", {.start_time = 3, .max_duration = 0.5}).value();
  float worst = 0;
  const auto left = late.channel(0),
             wanted = all.channel(0).subspan(static_cast<size_t>(3 * all.sample_rate));
  for (size_t i = 0; i < left.size(); ++i) worst = std::max(worst, std::abs(left[i] - wanted[i]));
  CHECK(worst < 0.02f);  // the predictor's past beyond a second leaves hardly a trace; without it 0.5
}

TEST_CASE("silence before a late sound keeps it with its picture") {
  const Folder folder;
  for (const auto& kind : kKinds) {
    CAPTURE(std::string(kind.name));
    const auto film = late_film(folder, kind.name, kind.codec, 1.5);
    const auto all = whole(folder, film);
    media::AudioWindow window{.start_time = 1.5, .max_duration = 1.25};
    const auto early = media::read_audio(film, window).value();
    CHECK(place(early, all) == 0);
    window.silence_before = true;
    const auto timed = media::read_audio(film, window).value();
    CHECK(timed.samples == std::lround(1.25 * kRate));
    const auto left = timed.channel(0);
    // Half a second of silence, less what the encoder puts first; then the sound from its first sample on.
    const auto silent = std::find_if(left.begin(), left.end(), [](float s) { return s != 0; }) - left.begin();
    const auto quiet = std::ranges::find_if(all.channel(0), [](float s) { return s != 0; });
    const auto begins = silent - (quiet - all.channel(0).begin());
    CHECK(begins >= std::lround(0.45 * kRate));
    CHECK(begins <= std::lround(0.501 * kRate));
    for (int c = 0; c < 2; ++c)
      CHECK(std::equal(timed.channel(c).begin() + begins, timed.channel(c).end(), all.channel(c).begin()));
    // A window that ends before the sound begins has none.
    window.max_duration = 0.3;
    CHECK_FALSE(media::read_audio(film, window).has_value());
  }
}
