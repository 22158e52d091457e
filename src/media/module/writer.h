// A film being encoded: H.264, AAC, a container.
#pragma once
#include <optional>
#include <vector>

#include "media/module/ffmpeg.h"

namespace ltx::media_module {

/// One stream of the film, with the frame that its encoder is fed by.
struct Track {
  AVStream* stream = nullptr;
  Codec codec;
  Frame frame;
  int64_t next_pts = 0;
};

class Writer {
 public:
  Writer(const ltx_media_file& file, const ltx_media_output& output);
  ~Writer();

  void frame(const uint8_t* i420);
  void samples(const float* left, const float* right, int64_t count);
  void finish();

 private:
  void open_video(const ltx_media_output& output);
  void open_audio(const ltx_media_output& output);
  void add_stream(Track& track);
  void encode(Track& track, const AVFrame* frame);
  int checked(int result, const std::string& what);

  FileIo io_;
  AVFormatContext* context_ = nullptr;
  std::optional<Track> video_, audio_;
  Packet packet_ = new_packet();
};

}  // namespace ltx::media_module
