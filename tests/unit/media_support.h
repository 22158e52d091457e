// What the media tests share: a folder that must be empty at the end, pictures, sounds, silence on stderr.
#pragma once
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/monitor.h"
#include "media/image.h"

namespace ltx::test {

namespace fs = std::filesystem;

/// A fresh folder, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "ltx-media-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(path_), {})); }

 private:
  fs::path path_;
};

inline std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void spit(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Status and message of what `body` throws; Ok if it throws nothing.
struct Outcome {
  Status status = Status::Ok;
  std::string message;
  bool says(const std::string& text) const { return message.find(text) != std::string::npos; }
};
inline Outcome outcome(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
  return {};
}

/// What `body` writes to the terminal's error stream, be it by this library or by those below it.
inline std::string stderr_of(const std::function<void()>& body) {
  const Folder folder;
  const int saved = dup(2), file = open((folder / "stderr").c_str(), O_WRONLY | O_CREAT, 0600);
  dup2(file, 2);
  body();
  dup2(saved, 2);
  close(saved);
  close(file);
  return slurp(folder / "stderr");
}

/// Four saturated blocks that change places every four frames.
inline media::Image picture(int width, int height, int frame = 0) {
  constexpr uint8_t kColors[4][3] = {{220, 40, 40}, {40, 200, 60}, {50, 60, 210}, {230, 220, 60}};
  media::Image image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int block = (x / std::max(1, width / 2) + 2 * (y / std::max(1, height / 2)) + frame / 4) % 4;
      for (int c = 0; c < 3; ++c) image.rgb[3 * (static_cast<size_t>(y) * width + x) + c] = kColors[block][c];
    }
  return image;
}

/// Pixels that no encoder can make small.
inline media::Image noise(int width, int height, uint32_t seed) {
  media::Image image(width, height);
  for (auto& byte : image.rgb) byte = static_cast<uint8_t>((seed = seed * 1664525u + 1013904223u) >> 24);
  return image;
}

inline std::vector<float> tone(double hertz, int rate, size_t samples) {
  std::vector<float> wave(samples);
  for (size_t i = 0; i < samples; ++i)
    wave[i] = 0.5f * static_cast<float>(std::sin(2 * M_PI * hertz * static_cast<double>(i) / rate));
  return wave;
}

/// Says stop at the n-th question, and keeps the log.
class Stopper : public Monitor {
 public:
  explicit Stopper(int stop_at = 1 << 30) : left_(stop_at) {}
  bool cancelled() const override { return --left_ < 0; }
  void log(LogLevel, std::string_view, std::string_view message) override {
    lines += std::string(message) + "\n";
  }
  std::string lines;

 private:
  mutable int left_;
};

}  // namespace ltx::test
