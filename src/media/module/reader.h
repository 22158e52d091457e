// One stream of a file, decoded in order.
#pragma once
#include <vector>

#include "media/module/ffmpeg.h"

namespace ltx::media_module {

class Reader {
 public:
  Reader(const ltx_media_file& file, int kind, uint32_t flags, ltx_media_stream& info);

  void seek(int64_t timestamp);
  /// LTX_MEDIA_OK or LTX_MEDIA_END.
  int32_t frame(ltx_media_frame& out);
  int32_t samples(ltx_media_samples& out);

 private:
  void select(AVMediaType type);
  bool decode();
  void feed();
  /// Where to begin decoding so that the samples at `timestamp` are whole.
  int64_t lead_in(int64_t timestamp) const;
  /// Whether the file ends before what its index lists, which demuxers may take for its end.
  bool cut_off() const;
  std::string position() const;

  Demuxer demuxer_;
  uint32_t flags_;
  AVStream* stream_ = nullptr;
  Codec codec_;
  Packet packet_ = new_packet();
  Frame frame_ = new_frame();
  bool flushing_ = false;
  double last_seconds_ = 0;
  RgbConverter converter_;
  std::vector<uint8_t> rgb_;
  std::vector<float> samples_;
};

}  // namespace ltx::media_module
