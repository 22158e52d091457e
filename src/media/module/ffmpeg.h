// What the files of the module share: owners of FFmpeg's objects, its errors as exceptions, files as
// callbacks, and silence.
#pragma once
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "media/module_api.h"

namespace ltx::media_module {

/// Caught at the module's door.
struct Failure : std::runtime_error {
  Failure(int failure_code, const std::string& message) : std::runtime_error(message), code(failure_code) {}
  int code;
};

std::string error_text(int averror);

/// Throws Failure with FFmpeg's own text if `result` is negative; running out of memory keeps its code.
int check(int result, int code, const std::string& what);

struct Deleter {
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};
using Codec = std::unique_ptr<AVCodecContext, Deleter>;
using Frame = std::unique_ptr<AVFrame, Deleter>;
using Packet = std::unique_ptr<AVPacket, Deleter>;
using Scaler = std::unique_ptr<SwsContext, Deleter>;

Frame new_frame();
Frame new_frame(int width, int height, AVPixelFormat format);
Packet new_packet();
/// Throws LTX_MEDIA_NO_CODEC if `codec` is null; silenced.
Codec new_codec(const AVCodec* codec, const std::string& name);
void set_option(AVDictionary** options, const char* key, const std::string& value);

/// Added to a message's level, it is beyond every level that is printed: a library writes nothing to its
/// host's terminal, while FFmpeg's global callback and level belong to the host. FFmpeg looks at the low 8
/// bits of the sum only, hence no larger.
constexpr int kSilent = 150;

/// Gives the context a class whose messages are offset beyond printing. AVFormatContext has no field for the
/// offset, so its max_streams serves, with a value that is kSilent in the low 8 bits and a limit that no file
/// reaches.
void silence(AVFormatContext* context);

/// FFmpeg's view of a file behind callbacks.
class FileIo {
 public:
  FileIo(const ltx_media_file& file, bool writable);
  ~FileIo();
  FileIo(const FileIo&) = delete;
  FileIo& operator=(const FileIo&) = delete;

  AVIOContext* context() const { return context_; }
  /// A callback said no; then every other error is a consequence.
  bool failed() const { return failed_; }

 private:
  static int read(void* self, uint8_t* data, int size);
  static int write(void* self, uint8_t* data, int size);
  static int64_t seek(void* self, int64_t offset, int whence);

  ltx_media_file file_;
  AVIOContext* context_ = nullptr;
  int64_t position_ = 0;
  bool failed_ = false;
};

/// A reader's format context over a file, the format found by content alone: by name FFmpeg would take a
/// still image for a numbered series of files. The demuxer cannot open other files or addresses that the file
/// may name.
class Demuxer {
 public:
  explicit Demuxer(const ltx_media_file& file);
  ~Demuxer() { avformat_close_input(&context_); }
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;

  AVFormatContext* operator->() const { return context_; }
  AVFormatContext* get() const { return context_; }
  FileIo& io() { return io_; }
  /// The container of one still image.
  bool still() const;

 private:
  FileIo io_;
  AVFormatContext* context_ = nullptr;
};

/// Converts decoded pictures to RGB by libswscale's bilinear path, honouring matrix and range tags; untagged
/// is BT.601 limited (spec 07 §8.2). Keeps the scaler between pictures of one kind.
class RgbConverter {
 public:
  explicit RgbConverter(int flags = SWS_BILINEAR) : flags_(flags) {}
  void convert(const AVFrame& frame, uint8_t* rgb);

 private:
  int flags_;
  Scaler scaler_;
  int width_ = 0, height_ = 0, format_ = -1, matrix_ = -1, full_ = -1;
};

/// The plain name of a format whose "J" spelling means full range; `full` is set for those.
AVPixelFormat without_j(AVPixelFormat format, bool& full);

/// Formats that need no arithmetic: RGB, grey, palette, each with or without alpha, 8 or 16 bits (the upper
/// byte counts). False for any other.
bool unpack_rgb(const AVFrame& frame, uint8_t* rgb);

int32_t image_decode(const ltx_media_file&, ltx_media_image&);
int32_t image_encode_png(const ltx_media_file&, const uint8_t* rgb, int width, int height);
int32_t image_recompress(const uint8_t* rgb, int width, int height, int crf, uint8_t* rgb_out,
                         uint8_t* i420_in, uint8_t* i420_out);

/// A whole file's bytes. Throws LTX_MEDIA_CALLBACK, or LTX_MEDIA_DECODE above 2 GiB.
std::vector<uint8_t> read_all(const ltx_media_file& file);

/// A picture of more pixels is refused before memory is taken for it.
constexpr int64_t kMaxPixels = int64_t{1} << 28;

/// Memory that the caller of the module releases by free_buffer.
struct AvFree {
  void operator()(void* p) const { av_free(p); }
};
using Buffer = std::unique_ptr<uint8_t, AvFree>;

/// A picture in RGB, with what its colour profile applies to.
struct Picture {
  Buffer rgb;
  int width = 0, height = 0;
  std::vector<uint8_t> profile;  // ICC data, or empty
  std::vector<uint8_t> source;   // the profile's own channels, tight
  int source_channels = 3;       // 1 grey, 3 RGB, 4 CMYK; 0: a kind that profiles are not used for

  void allocate(int64_t picture_width, int64_t picture_height);
  int64_t pixels() const { return int64_t{width} * height; }
};

/// JPEG by libjpeg, whose rounding is what image libraries agree on (FFmpeg's inverse DCT differs by up to 3
/// codes).
Picture decode_jpeg(const std::vector<uint8_t>& file);

/// Converts to sRGB (LittleCMS, perceptual intent); returns why it could not, or nothing.
std::string apply_profile(Picture& picture);

}  // namespace ltx::media_module
