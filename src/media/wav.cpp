#include "media/wav.h"

#include <bit>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "io/atomic_file.h"
#include "media/pcm.h"

namespace ltx::media {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are written as they lie in memory");

class Header {
 public:
  Header& text(const char (&four)[5]) {
    bytes_.append(four, 4);
    return *this;
  }
  template <class Number>
  Header& number(Number value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Header& padded(const std::string& text) {
    bytes_ += text;
    bytes_.append(1 + (text.size() + 1) % 2, '\0');
    return *this;
  }
  Header& append(const Header& other) {
    bytes_ += other.bytes_;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

void write(io::AtomicFile& file, const void* data, size_t size) {
  file.write({static_cast<const std::byte*>(data), size});
}

}  // namespace

void write_wav(const std::filesystem::path& path, std::span<const float> left, std::span<const float> right,
               int sample_rate, const std::string& comment) {
  if (sample_rate < 1)
    fail(Status::InvalidArgument, "a sound track of {} Hz. Give its sample rate.", sample_rate);
  const auto samples = pcm16_stereo(left, right);
  const uint64_t data_bytes = samples.size() * sizeof samples[0];
  Header list;
  if (!comment.empty()) {
    Header field;
    field.text("ICMT").number(static_cast<uint32_t>(comment.size() + 1)).padded(comment);
    list.text("LIST").number(static_cast<uint32_t>(4 + field.bytes().size())).text("INFO");
    list.append(field);
  }
  constexpr uint64_t kFixedBytes = 36;  // from "WAVE" to the data chunk's length
  const uint64_t riff_bytes = kFixedBytes + data_bytes + list.bytes().size();
  if (riff_bytes > UINT32_MAX)
    fail(Status::Unsupported,
         "{}: {} bytes of sound; a WAV file holds 4 GiB. Write a shorter track or another container.",
         path.string(), data_bytes);
  constexpr uint16_t kPcm = 1, kChannels = 2, kBits = 16, kFrameBytes = kChannels * kBits / 8;
  Header header;
  header.text("RIFF").number(static_cast<uint32_t>(riff_bytes)).text("WAVE");
  header.text("fmt ").number(uint32_t{16}).number(kPcm).number(kChannels);
  header.number(static_cast<uint32_t>(sample_rate)).number(static_cast<uint32_t>(sample_rate) * kFrameBytes);
  header.number(kFrameBytes).number(kBits);
  header.text("data").number(static_cast<uint32_t>(data_bytes));

  io::AtomicFile file(path);
  write(file, header.bytes().data(), header.bytes().size());
  write(file, samples.data(), data_bytes);
  write(file, list.bytes().data(), list.bytes().size());
  file.commit();
}

}  // namespace ltx::media
