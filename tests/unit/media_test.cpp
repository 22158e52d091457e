// Images and sounds, and what goes wrong with files.
#include "media_support.h"

#include <sys/stat.h>

#include <cstring>
#include <thread>

#include "io/atomic_file.h"
#include "media/audio_reader.h"
#include "media/exif.h"
#include "media/module.h"
#include "media/movie_writer.h"
#include "media/orientation.h"
#include "media/pcm.h"
#include "media/video_reader.h"
#include "media/wav.h"
#include "media/yuv.h"

using namespace ltx;
using namespace ltx::test;

namespace {

const fs::path kGolden = fs::path(LTX_SOURCE_DIR) / "tests/golden/media";

struct ModuleOverride {
  explicit ModuleOverride(const std::string& path) { setenv("LTX_MEDIA_MODULE", path.c_str(), 1); }
  ~ModuleOverride() { unsetenv("LTX_MEDIA_MODULE"); }
};

}  // namespace

TEST_CASE("a missing or foreign module is reported with its path and the remedy, and comes back") {
  const Folder folder;
  {
    const ModuleOverride missing("/nowhere/libltx_media_59.so");
    const auto result = outcome([&] { media::read_image(kGolden / "image_rgb/in.png"); });
    CHECK(result.status == Status::NotBuilt);
    CHECK(result.says("/nowhere/libltx_media_59.so"));
    CHECK(result.says("LTX_MEDIA_MODULE"));
    CHECK(media::module_libraries().empty());
    CHECK(outcome([&] { media::check_output(folder / "clip.mp4", true, true); }).status == Status::NotBuilt);
    // Sound alone needs no codec.
    const auto wave = tone(440, 8000, 100);
    media::write_wav(folder / "tone.wav", wave, wave, 8000);
    CHECK(fs::file_size(folder / "tone.wav") == 44 + 400);
    CHECK(outcome([&] { media::check_output(folder / "tone.wav", false, true); }).status == Status::Ok);
  }
  {
    const ModuleOverride foreign("libm.so.6");
    const auto result = outcome([] { media::module(); });
    CHECK(result.status == Status::NotBuilt);
    CHECK(result.says("no media module"));
  }
  spit(folder / "text.so", "not a library");
  {
    const ModuleOverride text((folder / "text.so").string());
    CHECK(outcome([] { media::module(); }).status == Status::NotBuilt);
  }
  CHECK(media::module_libraries().starts_with("libavcodec "));
}

TEST_CASE("files that cannot be media give their own status, and nothing is printed") {
  const Folder folder;
  spit(folder / "empty.wav", "");
  spit(folder / "text.mp4", "This is not a film, whatever its name says.\n");
  mkfifo((folder / "pipe").c_str(), 0600);
  const std::string film = slurp(kGolden / "video_read/in.mov"),
                    jpeg = slurp(kGolden / "image_jpeg_exif/in.jpg"),
                    png = slurp(kGolden / "image_rgb/in.png");
  spit(folder / "half.mov", film.substr(0, film.size() / 2));
  spit(folder / "half.jpg", jpeg.substr(0, jpeg.size() / 2));
  spit(folder / "half.png", png.substr(0, png.size() / 2));
  std::string hole = film;
  std::memset(hole.data() + hole.size() / 4, 0x5a, hole.size() / 4);
  spit(folder / "hole.mov", hole);

  const auto video = [&](const fs::path& path) {
    return outcome([&] { media::read_video(path, media::IndexWindow{}, [](const media::FrameView&) {}); });
  };
  const auto image = [&](const fs::path& path) { return outcome([&] { media::read_image(path); }); };
  const std::string printed = stderr_of([&] {
    CHECK(video(folder / "missing.mp4").status == Status::FileNotFound);
    CHECK(image(folder / "missing.png").says("missing.png"));
    CHECK(video(folder.path()).status == Status::FileFormat);
    CHECK(video(folder / "pipe").status == Status::FileFormat);
    CHECK(outcome([&] { media::read_audio(folder / "empty.wav"); }).status == Status::FileFormat);
    CHECK(video(folder / "text.mp4").status == Status::FileFormat);
    CHECK(image(folder / "text.mp4").status == Status::FileFormat);
    CHECK(outcome([&] { media::read_audio(folder / "text.mp4"); }).status == Status::FileFormat);
    CHECK(video(folder / "half.mov").status == Status::MediaDecode);
    CHECK(image(folder / "half.jpg").status == Status::MediaDecode);
    CHECK(image(folder / "half.png").status == Status::MediaDecode);
    const auto damaged = video(folder / "hole.mov").status;
    CHECK((damaged == Status::Ok || damaged == Status::MediaDecode));
    CHECK(video(kGolden / "audio_s16_all/in.wav").status == Status::FileFormat);
    CHECK_FALSE(media::read_audio(kGolden / "video_read/in.mov").has_value());
  });
  CHECK(printed == "");
}

TEST_CASE("bytes that an attacker chose end in an error or a picture, never in a crash") {
  const Folder folder;
  const auto fuzz = [&](const char* name, const std::function<void()>& read) {
    const std::string good = slurp(kGolden / name);
    uint32_t seed = 7;
    for (int round = 0; round < 60; ++round) {
      std::string bad = good;
      for (int flip = 0; flip < 6; ++flip) {
        seed = seed * 1664525u + 1013904223u;
        bad[(seed >> 8) % std::min<size_t>(bad.size(), round % 2 ? 400 : bad.size())] =
            static_cast<char>(seed >> 3);
      }
      const int orientation = media::exif_orientation(std::as_bytes(std::span(bad)));
      CHECK((orientation >= 1 && orientation <= 8));
      spit(folder / "bad", bad);
      Outcome result;
      CHECK(stderr_of([&] { result = outcome(read); }) == "");
      CHECK((result.status == Status::Ok || result.status == Status::MediaDecode ||
             result.status == Status::FileFormat || result.status == Status::NotBuilt));
    }
  };
  fuzz("image_jpeg_exif/in.jpg", [&] { media::read_image(folder / "bad"); });
  fuzz("image_palette/in.png", [&] { media::read_image(folder / "bad"); });
  fuzz("audio_s16_all/in.wav", [&] { media::read_audio(folder / "bad"); });
  fuzz("video_read/in.mov",
       [&] { media::read_video(folder / "bad", media::IndexWindow{}, [](const media::FrameView&) {}); });
}

TEST_CASE("PNG: what is written is read; one pixel is a picture") {
  const Folder folder;
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 2}, {70, 33}}) {
    const auto image = noise(width, height, 5);
    media::write_png(folder / "deep/er/p.png", image);
    const auto back = media::read_image(folder / "deep/er/p.png");
    CHECK(back.width == width);
    CHECK(back.height == height);
    CHECK(back.rgb == image.rgb);
  }
  CHECK(outcome([] { media::Image(0, 3); }).status == Status::InvalidArgument);
  CHECK(outcome([] { media::Image(2, 2, std::vector<uint8_t>(11)); }).says("12 bytes, not 11"));
}

TEST_CASE("orientation turns and mirrors the canvas; a reference reading of stills only turns it") {
  media::Image image(2, 2);
  image.rgb = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
  const auto reds = [](const media::Image& i) {
    std::string text = std::to_string(i.width) + "x" + std::to_string(i.height) + ":";
    for (size_t p = 0; p < i.rgb.size(); p += 3) text += std::to_string(i.rgb[p]);
    return text;
  };
  const char* shown[] = {"1234", "2143", "4321", "3412", "1324", "3142", "4231", "2413"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    CHECK(reds(media::oriented(image, orientation)) == std::string("2x2:") + shown[orientation - 1]);
    CHECK(media::still_orientation(orientation, media::Holding::AsShown) == orientation);
    const bool turn = orientation == 3 || orientation == 6 || orientation == 8;
    CHECK(media::still_orientation(orientation, media::Holding::Reference) == (turn ? orientation : 1));
  }
  CHECK(reds(media::oriented(image, 0)) == "2x2:1234");
  CHECK(reds(media::oriented(image, 9)) == "2x2:1234");
  media::Image row(2, 1);
  row.rgb = {1, 1, 1, 2, 2, 2};
  CHECK(reds(media::oriented(row, 6)) == "1x2:12");
  CHECK(reds(media::oriented(row, 8)) == "1x2:21");
}

namespace {

/// A minimal ICC matrix profile with gamma 2.2: the sRGB primaries, red and green exchanged.
std::string exchanging_profile() {
  const auto u32 = [](uint32_t v) {
    return std::string{static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
                       static_cast<char>(v)};
  };
  const auto xyz = [&](double x, double y, double z) {
    std::string data = "XYZ " + u32(0);
    for (const double v : {x, y, z}) data += u32(static_cast<uint32_t>(std::lround(v * 65536)));
    return data;
  };
  const std::string curve = "curv" + u32(0) + u32(1) + std::string("\x02\x33\0\0", 4);
  const std::pair<std::string, std::string> tags[] = {{"rXYZ", xyz(0.3851, 0.7169, 0.0971)},
                                                      {"gXYZ", xyz(0.4361, 0.2225, 0.0139)},
                                                      {"bXYZ", xyz(0.1431, 0.0606, 0.7141)},
                                                      {"rTRC", curve},
                                                      {"gTRC", curve},
                                                      {"bTRC", curve},
                                                      {"wtpt", xyz(0.9642, 1, 0.8249)}};
  std::string directory = u32(std::size(tags)), data;
  const size_t begin = 128 + 4 + 12 * std::size(tags);
  for (const auto& [name, body] : tags) {
    directory +=
        name + u32(static_cast<uint32_t>(begin + data.size())) + u32(static_cast<uint32_t>(body.size()));
    data += body;
  }
  std::string header =
      u32(static_cast<uint32_t>(begin + data.size())) + "test" + u32(0x02400000) + "mntrRGB XYZ ";
  header += std::string(12, '\0') + "acsp" + std::string(28, '\0');
  header += xyz(0.9642, 1, 0.8249).substr(8);
  header.resize(128, '\0');
  return header + directory + data;
}

/// The file with an APP2 segment behind its start marker.
std::string with_profile(const std::string& jpeg, const std::string& profile) {
  const std::string body = std::string("ICC_PROFILE\0\1\1", 14) + profile;
  const size_t length = body.size() + 2;
  return jpeg.substr(0, 2) + "\xff\xe2" + static_cast<char>(length >> 8) + static_cast<char>(length) + body +
         jpeg.substr(2);
}

}  // namespace

TEST_CASE("an embedded colour profile is applied; a damaged one is logged and ignored") {
  const Folder folder;
  const std::string jpeg = slurp(kGolden / "image_jpeg_exif/in.jpg");
  const auto plain = media::read_image(kGolden / "image_jpeg_exif/in.jpg");
  spit(folder / "exchanged.jpg", with_profile(jpeg, exchanging_profile()));
  Stopper log;
  const auto exchanged = media::read_image(folder / "exchanged.jpg", log);
  CHECK(log.lines == "");
  double off = 0;
  for (size_t i = 0; i < plain.rgb.size(); i += 3)
    off += std::abs(plain.rgb[i] - exchanged.rgb[i + 1]) + std::abs(plain.rgb[i + 1] - exchanged.rgb[i]);
  CHECK(off / static_cast<double>(plain.rgb.size()) < 4);  // sRGB's curve is not quite a power of 2.2

  spit(folder / "damaged.jpg", with_profile(jpeg, exchanging_profile().substr(0, 140)));
  std::vector<uint8_t> damaged;
  CHECK(stderr_of([&] { damaged = media::read_image(folder / "damaged.jpg", log).rgb; }) == "");
  CHECK(damaged == plain.rgb);
  CHECK(log.lines.find("profile is damaged") != std::string::npos);
}

TEST_CASE("recompression: identity for 0 and for slivers, even sizes, a range") {
  const auto image = picture(37, 45);
  CHECK(media::recompressed(image, 0).rgb == image.rgb);
  CHECK(media::recompressed(picture(1, 9), 33).height == 9);
  const auto small = media::recompressed(picture(3, 2), 33);
  CHECK(small.width == 2);
  CHECK(small.height == 2);
  CHECK(media::recompressed(image, 33).width == 36);
  CHECK(media::recompressed(image, 33).rgb == media::recompressed(image, 33).rgb);
  CHECK(outcome([&] { media::recompress(image, 52); }).status == Status::InvalidArgument);
  CHECK(outcome([&] { media::recompress(image, -1); }).status == Status::InvalidArgument);
}

TEST_CASE("contact sheet: frames, layout, size") {
  CHECK(media::contact_sheet_frames(121, 5) == std::vector<int64_t>{0, 30, 60, 90, 120});
  CHECK(media::contact_sheet_frames(2, 9) == std::vector<int64_t>{0, 1});
  CHECK(media::contact_sheet_frames(9, 1) == std::vector<int64_t>{0});
  std::vector<media::Image> images;
  for (uint8_t i = 1; i <= 3; ++i)
    images.emplace_back(8, 6, std::vector<uint8_t>(8 * 6 * 3, static_cast<uint8_t>(80 * i)));
  const auto sheet = media::contact_sheet(images, 2, 1, 4);
  CHECK(sheet.width == 1 + 2 * (4 + 1));
  CHECK(sheet.height == 1 + 2 * (3 + 1));
  const auto at = [&](int x, int y) { return sheet.rgb[3 * (static_cast<size_t>(y) * sheet.width + x)]; };
  CHECK(at(0, 0) == 32);
  CHECK(at(1, 1) == 80);
  CHECK(at(6, 1) == 160);
  CHECK(at(1, 5) == 240);
  CHECK(at(6, 5) == 32);
  images[1] = media::Image(4, 4);
  CHECK(outcome([&] { media::contact_sheet(images, 2); }).says("4x4"));
  CHECK(outcome([&] { media::contact_sheet({}, 2); }).status == Status::InvalidArgument);
}

TEST_CASE("16-bit samples: clipped, scaled by 32767, truncated") {
  CHECK(media::pcm16(1) == 32767);
  CHECK(media::pcm16(-1) == -32767);
  CHECK(media::pcm16(7) == 32767);
  CHECK(media::pcm16(0.5f) == 16383);
  CHECK(media::pcm16(-0.5f) == -16383);
  CHECK(media::pcm16(NAN) == 0);
  CHECK(media::pcm16(-INFINITY) == -32767);
}

TEST_CASE("WAV: samples come back as their codes; windows; nothing in the window is nothing") {
  const Folder folder;
  const auto left = tone(440, 22050, 22050), right = tone(660, 22050, 22050);
  media::write_wav(folder / "t.wav", left, right, 22050, R"({"prompt": "rain"})");
  const auto sound = media::read_audio(folder / "t.wav");
  REQUIRE(sound);
  CHECK(sound->channels == 2);
  CHECK(sound->sample_rate == 22050);
  REQUIRE(sound->samples == 22050);
  bool equal = true;
  for (size_t i = 0; i < left.size(); ++i)
    equal = equal && sound->channel(0)[i] == static_cast<float>(media::pcm16(left[i])) / 32768 &&
            sound->channel(1)[i] == static_cast<float>(media::pcm16(right[i])) / 32768;
  CHECK(equal);
  CHECK(slurp(folder / "t.wav").find(R"({"prompt": "rain"})") != std::string::npos);
  CHECK(slurp(folder / "t.wav").size() % 2 == 0);

  // Half-way cases follow where the seek lands (chapter 05 §11): sample 1103, not 1102.
  const auto window = media::read_audio(folder / "t.wav", {0.05, 0.1, false});
  REQUIRE(window);
  CHECK(window->samples == 2205);
  CHECK(window->channel(1)[0] == sound->channel(1)[1103]);
  CHECK_FALSE(media::read_audio(folder / "t.wav", {5.0, std::nullopt, false}).has_value());
  CHECK_FALSE(media::read_audio(folder / "t.wav", {0.0, 0.0, false}).has_value());
  CHECK(outcome([&] {
          media::read_audio(folder / "t.wav", {-1.0, std::nullopt, false});
        }).status == Status::InvalidArgument);
  Stopper stop(1);
  CHECK(outcome([&] { media::read_audio(folder / "t.wav", {}, stop); }).status == Status::Cancelled);

  std::string header = slurp(folder / "t.wav").substr(0, 44);
  for (const size_t field : {size_t{4}, size_t{40}}) std::memset(header.data() + field, 0, 4);
  header[4] = 36;
  spit(folder / "silent.wav", header);
  CHECK_FALSE(media::read_audio(folder / "silent.wav").has_value());

  // Eight unsigned bits: centred on 128, unless the reference's reading is asked for.
  std::string bytes = header + std::string("\x80\xff", 2);
  bytes[4] = 38, bytes[22] = 1, bytes[32] = 1, bytes[34] = 8, bytes[40] = 2;
  spit(folder / "u8.wav", bytes);
  CHECK(media::read_audio(folder / "u8.wav")->data == std::vector<float>{0.0f, 127.0f / 128});
  CHECK(media::read_audio(folder / "u8.wav", {0, std::nullopt, true})->data ==
        std::vector<float>{1.0f, 255.0f / 128});

  CHECK(outcome([&] { media::write_wav(folder / "e.wav", {}, {}, 8000); }).status == Status::InvalidArgument);
  CHECK(outcome([&] {
          media::write_wav(folder / "e.wav", left, std::span(right).first(5), 8000);
        }).says("5 right"));
  CHECK(outcome([&] { media::write_wav(folder / "e.wav", left, right, 0); }).status ==
        Status::InvalidArgument);
  CHECK_FALSE(fs::exists(folder / "e.wav"));
}

TEST_CASE("I420 of 8-bit frames: the known corners") {
  const auto codes = [](uint8_t r, uint8_t g, uint8_t b) {
    std::vector<uint8_t> rgb;
    for (int i = 0; i < 4; ++i) rgb.insert(rgb.end(), {r, g, b});
    const auto i420 = media::rgb8_to_i420(rgb, 2, 2);
    return std::vector<int>{i420[0], i420[4], i420[5]};
  };
  CHECK(codes(0, 0, 0) == std::vector{16, 128, 128});
  CHECK(codes(255, 255, 255) == std::vector{235, 128, 128});
  CHECK(codes(255, 0, 0) == std::vector{63, 102, 240});
  CHECK(codes(0, 0, 255) == std::vector{32, 240, 118});
  CHECK(outcome([] { media::rgb8_to_i420(std::vector<uint8_t>(27), 3, 3); }).says("3x3"));
}

TEST_CASE("an atomic file appears with commit, replaces, follows links, and leaves nothing behind") {
  const Folder folder;
  const auto write = [](io::AtomicFile& file, std::string_view text) {
    file.write(std::as_bytes(std::span(text)));
  };
  {
    io::AtomicFile file(folder / "a/b/c.txt");
    write(file, "gone");
    CHECK(fs::exists(folder / "a/b"));
  }
  CHECK(folder.entries() == 0);
  {
    io::AtomicFile file(folder / "a/b/c.txt");
    write(file, "hello world");
    file.seek(6);
    write(file, "there");
    CHECK(file.size() == 11);
    CHECK_FALSE(fs::exists(folder / "a/b/c.txt"));
    file.commit();
  }
  CHECK(slurp(folder / "a/b/c.txt") == "hello there");
  fs::create_symlink(folder / "a/b/c.txt", folder / "link");
  {
    io::AtomicFile file(folder / "link");
    write(file, "new");
    file.commit();
  }
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(slurp(folder / "a/b/c.txt") == "new");
  CHECK(outcome([&] { io::AtomicFile::probe(folder / "a"); }).says("a folder"));
  CHECK(outcome([&] { io::AtomicFile::probe(folder / "link/x"); }).status == Status::FileAccess);
  CHECK(outcome([&] { io::AtomicFile::probe(folder / ""); }).status == Status::InvalidArgument);
  CHECK(outcome([&] { io::AtomicFile::probe("/proc/no/file"); }).status == Status::FileAccess);
  CHECK(folder.entries() == 2);
}
