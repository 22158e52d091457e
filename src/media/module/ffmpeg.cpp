#include "media/module/ffmpeg.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace ltx::media_module {

std::string error_text(int averror) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(averror, text, sizeof text);
  return text;
}

int check(int result, int code, const std::string& what) {
  if (result == AVERROR(ENOMEM)) throw std::bad_alloc();
  if (result < 0) throw Failure(code, what + ": " + error_text(result));
  return result;
}

Frame new_frame() {
  Frame frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

Frame new_frame(int width, int height, AVPixelFormat format) {
  Frame frame = new_frame();
  frame->width = width;
  frame->height = height;
  frame->format = format;
  check(av_frame_get_buffer(frame.get(), 0), LTX_MEDIA_INTERNAL, "frame buffer");
  return frame;
}

Packet new_packet() {
  Packet packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

Codec new_codec(const AVCodec* codec, const std::string& name) {
  if (!codec)
    throw Failure(LTX_MEDIA_NO_CODEC, "this FFmpeg (" LIBAVCODEC_IDENT ") has no codec '" + name + "'");
  Codec context(avcodec_alloc_context3(codec));
  if (!context) throw std::bad_alloc();
  context->log_level_offset = kSilent;
  return context;
}

void set_option(AVDictionary** options, const char* key, const std::string& value) {
  check(av_dict_set(options, key, value.c_str(), 0), LTX_MEDIA_INTERNAL, key);
}

void silence(AVFormatContext* context) {
  static const AVClass quiet = [context] {
    AVClass copy = *context->av_class;
    copy.log_level_offset_offset = offsetof(AVFormatContext, max_streams);
    return copy;
  }();
  context->av_class = &quiet;
  context->max_streams = 1024 + kSilent;
}

FileIo::FileIo(const ltx_media_file& file, bool writable) : file_(file) {
  constexpr int kBufferBytes = 1 << 16;
  auto* buffer = static_cast<uint8_t*>(av_malloc(kBufferBytes));
  if (!buffer) throw std::bad_alloc();
  context_ = avio_alloc_context(buffer, kBufferBytes, writable, this, read, writable ? write : nullptr, seek);
  if (!context_) {
    av_free(buffer);
    throw std::bad_alloc();
  }
}

FileIo::~FileIo() {
  av_freep(&context_->buffer);
  avio_context_free(&context_);
}

int FileIo::read(void* self, uint8_t* data, int size) {
  auto* io = static_cast<FileIo*>(self);
  const int64_t count = io->failed_ ? -1 : io->file_.read(io->file_.user, data, size);
  if (count < 0) {
    io->failed_ = true;
    return AVERROR(EIO);
  }
  io->position_ += count;
  return count == 0 ? AVERROR_EOF : static_cast<int>(count);
}

int FileIo::write(void* self, uint8_t* data, int size) {
  auto* io = static_cast<FileIo*>(self);
  if (io->failed_ || io->file_.write(io->file_.user, data, size) != size) {
    io->failed_ = true;
    return AVERROR(EIO);
  }
  io->position_ += size;
  return size;
}

int64_t FileIo::seek(void* self, int64_t offset, int whence) {
  auto* io = static_cast<FileIo*>(self);
  const int64_t size = io->file_.size(io->file_.user);
  if (size < 0) return AVERROR(EIO);
  whence &= ~AVSEEK_FORCE;
  if (whence == AVSEEK_SIZE) return size;
  if (whence == SEEK_CUR) offset += io->position_;
  if (whence == SEEK_END) offset += size;
  if (offset < 0) return AVERROR(EINVAL);
  if (io->file_.seek(io->file_.user, offset) != offset) {
    io->failed_ = true;
    return AVERROR(EIO);
  }
  return io->position_ = offset;
}

namespace {

int refuse_other_files(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

}  // namespace

Demuxer::Demuxer(const ltx_media_file& file) : io_(file, false) {
  // What the probe reports to: an object with a class, as FFmpeg wants it, and the offset that silences it.
  struct Listener {
    const AVClass* av_class;
    int offset;
  };
  AVClass quiet{};
  quiet.class_name = "ltx";
  quiet.item_name = av_default_item_name;
  quiet.version = LIBAVUTIL_VERSION_INT;
  quiet.log_level_offset_offset = offsetof(Listener, offset);
  Listener listener{&quiet, kSilent};
  const AVInputFormat* format = nullptr;
  const int probed = av_probe_input_buffer2(io_.context(), &format, nullptr, &listener, 0, 0);
  if (io_.failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
  if (probed < 0 || !format) throw Failure(LTX_MEDIA_FORMAT, "no known media format");
  context_ = avformat_alloc_context();
  if (!context_) throw std::bad_alloc();
  silence(context_);
  context_->pb = io_.context();
  context_->io_open = refuse_other_files;
  // Frees the context on failure; the file stays ours (AVFMT_FLAG_CUSTOM_IO).
  const int opened = avformat_open_input(&context_, nullptr, format, nullptr);
  if (io_.failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
  check(opened, LTX_MEDIA_DECODE, std::string("cannot read the ") + format->name + " container");
}

AVPixelFormat without_j(AVPixelFormat format, bool& full) {
  constexpr std::pair<AVPixelFormat, AVPixelFormat> kPairs[] = {{AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P},
                                                                {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
                                                                {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P},
                                                                {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
                                                                {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P}};
  for (const auto& [spelled, plain] : kPairs)
    if (format == spelled) {
      full = true;
      return plain;
    }
  return format;
}

bool Demuxer::still() const {
  const std::string_view name = context_->iformat->name;
  return name.ends_with("_pipe") || name == "ico";
}

void RgbConverter::convert(const AVFrame& frame, uint8_t* rgb) {
  bool full = frame.color_range == AVCOL_RANGE_JPEG;
  const auto format = without_j(static_cast<AVPixelFormat>(frame.format), full);
  int matrix = SWS_CS_ITU601;
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
      matrix = SWS_CS_ITU709;
      break;
    case AVCOL_SPC_FCC:
      matrix = SWS_CS_FCC;
      break;
    case AVCOL_SPC_SMPTE240M:
      matrix = SWS_CS_SMPTE240M;
      break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      matrix = SWS_CS_BT2020;
      break;
    default:
      break;
  }
  if (!scaler_ || frame.width != width_ || frame.height != height_ || format != format_ ||
      matrix != matrix_ || full != full_) {
    scaler_.reset(sws_getContext(frame.width, frame.height, format, frame.width, frame.height,
                                 AV_PIX_FMT_RGB24, flags_, nullptr, nullptr, nullptr));
    if (!scaler_) throw Failure(LTX_MEDIA_DECODE, "no conversion of this pixel format to RGB");
    // Meaningless for sources that are RGB already; then libswscale says so and nothing changes.
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(matrix), full,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    width_ = frame.width, height_ = frame.height, format_ = format, matrix_ = matrix, full_ = full;
  }
  // libswscale's vector code writes beyond the end of a tight last row: it gets rows of its own, aligned and
  // padded.
  const Frame target = new_frame(frame.width, frame.height, AV_PIX_FMT_RGB24);
  check(sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, target->data, target->linesize),
        LTX_MEDIA_DECODE, "conversion to RGB");
  av_image_copy_plane(rgb, 3 * frame.width, target->data[0], target->linesize[0], 3 * frame.width,
                      frame.height);
}

}  // namespace ltx::media_module
