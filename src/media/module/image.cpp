// Still pictures: decoding, PNG, and the H.264 pass of condition images (spec 07 §8.1).
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "media/module/ffmpeg.h"

namespace ltx::media_module {
namespace {

Packet as_packet(const std::vector<uint8_t>& bytes) {
  Packet packet = new_packet();
  check(av_new_packet(packet.get(), static_cast<int>(bytes.size())), LTX_MEDIA_MEMORY, "packet");
  std::copy(bytes.begin(), bytes.end(), packet->data);
  return packet;
}

Codec open_decoder(const AVStream& stream) {
  const AVCodec* decoder = avcodec_find_decoder(stream.codecpar->codec_id);
  Codec codec = new_codec(decoder, avcodec_get_name(stream.codecpar->codec_id));
  check(avcodec_parameters_to_context(codec.get(), stream.codecpar), LTX_MEDIA_DECODE, "parameters");
  codec->thread_count = 1;
  codec->max_pixels = kMaxPixels;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  codec->pkt_timebase = stream.time_base;
  check(avcodec_open2(codec.get(), decoder, nullptr), LTX_MEDIA_DECODE, decoder->name);
  return codec;
}

/// The first picture of an image file. Films are none, although FFmpeg would find a picture in them.
Frame decode_first(Demuxer& demuxer, const ltx_media_file& file) {
  const std::string format = demuxer->iformat->name;
  if (!demuxer.still() && format != "gif" && format != "apng")
    throw Failure(LTX_MEDIA_FORMAT, "no image format but " + format);
  demuxer->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  if (demuxer->nb_streams == 0) throw Failure(LTX_MEDIA_NO_STREAM, "no picture");
  const Codec codec = open_decoder(*demuxer->streams[0]);
  // The "_pipe" demuxers cut a picture into blocks for a parser; the decoders want the file in one piece.
  const bool whole = format.ends_with("_pipe");
  Packet packet = new_packet();
  Frame frame = new_frame();
  for (bool more = true;;) {
    const int received = avcodec_receive_frame(codec.get(), frame.get());
    if (received == AVERROR_EOF || (received == AVERROR(EAGAIN) && !more))
      throw Failure(LTX_MEDIA_DECODE, format + ": no picture in the data");
    if (received != AVERROR(EAGAIN)) {
      check(received, LTX_MEDIA_DECODE, format);
      return frame;
    }
    av_packet_unref(packet.get());
    int read = 0;
    if (whole)
      packet = as_packet(read_all(file));
    else
      read = av_read_frame(demuxer.get(), packet.get());
    if (demuxer.io().failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
    if (read != AVERROR_EOF) {
      check(read, LTX_MEDIA_DECODE, format);
      check(avcodec_send_packet(codec.get(), packet.get()), LTX_MEDIA_DECODE, format);
    }
    if (whole || read == AVERROR_EOF) {
      check(avcodec_send_packet(codec.get(), nullptr), LTX_MEDIA_DECODE, format);
      more = false;
    }
  }
}

bool is_grey(const AVFrame& frame) {
  switch (frame.format) {
    case AV_PIX_FMT_GRAY8:
    case AV_PIX_FMT_YA8:
    case AV_PIX_FMT_GRAY16BE:
    case AV_PIX_FMT_GRAY16LE:
    case AV_PIX_FMT_YA16BE:
    case AV_PIX_FMT_YA16LE:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<uint8_t> read_all(const ltx_media_file& file) {
  const int64_t size = file.size(file.user);
  if (size < 0 || file.seek(file.user, 0) != 0) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
  if (size > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) throw Failure(LTX_MEDIA_DECODE, "larger than 2 GiB");
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  for (int64_t done = 0; done < size;) {
    const int64_t count = file.read(file.user, bytes.data() + done, size - done);
    if (count < 0) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
    if (count == 0) throw Failure(LTX_MEDIA_DECODE, "the file became shorter while it was read");
    done += count;
  }
  return bytes;
}

namespace {

void check_size(int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kMaxPixels / height)
    throw Failure(LTX_MEDIA_DECODE, "a picture of " + std::to_string(width) + "x" + std::to_string(height) +
                                        " pixels is not accepted");
}

}  // namespace

void Picture::allocate(int64_t picture_width, int64_t picture_height) {
  check_size(picture_width, picture_height);
  width = static_cast<int>(picture_width);
  height = static_cast<int>(picture_height);
  rgb.reset(static_cast<uint8_t*>(av_malloc(static_cast<size_t>(3 * pixels()))));
  if (!rgb) throw std::bad_alloc();
}

namespace {

Picture decode_by_ffmpeg(const ltx_media_file& file) {
  Demuxer demuxer(file);
  const Frame frame = decode_first(demuxer, file);
  Picture picture;
  picture.allocate(frame->width, frame->height);
  if (!unpack_rgb(*frame, picture.rgb.get()))
    RgbConverter(SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT).convert(*frame, picture.rgb.get());
  const auto* profile = av_frame_get_side_data(frame.get(), AV_FRAME_DATA_ICC_PROFILE);
  if (!profile) return picture;
  picture.profile.assign(profile->data, profile->data + profile->size);
  picture.source_channels = frame->format == AV_PIX_FMT_PAL8 ? 0 : is_grey(*frame) ? 1 : 3;
  const int stride = picture.source_channels == 1 ? 3 : 1;
  for (int64_t i = 0; i < 3 * picture.pixels(); i += stride) picture.source.push_back(picture.rgb.get()[i]);
  return picture;
}

/// The file's first bytes; zeros where it is shorter.
std::array<uint8_t, 24> start_of(const ltx_media_file& file) {
  std::array<uint8_t, 24> bytes{};
  if (file.seek(file.user, 0) != 0 || file.read(file.user, bytes.data(), bytes.size()) < 0 ||
      file.seek(file.user, 0) != 0)
    throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
  return bytes;
}

/// Refuses absurd sizes before FFmpeg's decoder meets them, which would print its opinion of them.
void check_png_size(const std::array<uint8_t, 24>& start) {
  const auto number = [&](size_t at) {
    return int64_t{start[at]} << 24 | start[at + 1] << 16 | start[at + 2] << 8 | start[at + 3];
  };
  if (std::memcmp(start.data(), "\x89PNG\r\n\x1a\n", 8) == 0) check_size(number(16), number(20));
}

}  // namespace

int32_t image_decode(const ltx_media_file& file, ltx_media_image& image) {
  const auto start = start_of(file);
  check_png_size(start);
  const bool jpeg = std::memcmp(start.data(), "\xff\xd8\xff", 3) == 0;
  Picture picture = jpeg ? decode_jpeg(read_all(file)) : decode_by_ffmpeg(file);
  const std::string warning = picture.profile.empty() ? "" : apply_profile(picture);
  image = {};
  warning.copy(image.warning, sizeof image.warning - 1);
  image.width = picture.width;
  image.height = picture.height;
  image.rgb = picture.rgb.release();
  return LTX_MEDIA_OK;
}

namespace {

/// Sends one frame through an encoder and returns its packet.
Packet encode_single(AVCodecContext* codec, const AVFrame& frame) {
  Packet packet = new_packet();
  check(avcodec_send_frame(codec, &frame), LTX_MEDIA_ENCODE, codec->codec->name);
  check(avcodec_send_frame(codec, nullptr), LTX_MEDIA_ENCODE, codec->codec->name);
  check(avcodec_receive_packet(codec, packet.get()), LTX_MEDIA_ENCODE, codec->codec->name);
  return packet;
}

}  // namespace

int32_t image_encode_png(const ltx_media_file& file, const uint8_t* rgb, int width, int height) {
  const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_PNG);
  const Codec codec = new_codec(encoder, "png");
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = AV_PIX_FMT_RGB24;
  codec->time_base = {1, 1};
  codec->thread_count = 1;
  check(avcodec_open2(codec.get(), encoder, nullptr), LTX_MEDIA_ENCODE, "png");
  const Frame frame = new_frame(width, height, AV_PIX_FMT_RGB24);
  av_image_copy_plane(frame->data[0], frame->linesize[0], rgb, 3 * width, 3 * width, height);
  const Packet packet = encode_single(codec.get(), *frame);
  if (file.write(file.user, packet->data, packet->size) != packet->size)
    throw Failure(LTX_MEDIA_CALLBACK, "writing failed");
  return LTX_MEDIA_OK;
}

namespace {

void copy_i420(const AVFrame& frame, uint8_t* out) {
  if (out)
    av_image_copy_to_buffer(out, frame.width * frame.height * 3 / 2, frame.data, frame.linesize,
                            AV_PIX_FMT_YUV420P, frame.width, frame.height, 1);
}

}  // namespace

int32_t image_recompress(const uint8_t* rgb, int width, int height, int crf, uint8_t* rgb_out,
                         uint8_t* i420_in, uint8_t* i420_out) {
  const Frame source = new_frame(width, height, AV_PIX_FMT_RGB24),
              picture = new_frame(width, height, AV_PIX_FMT_YUV420P);
  av_image_copy_plane(source->data[0], source->linesize[0], rgb, 3 * width, 3 * width, height);
  const Scaler scaler(sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height, AV_PIX_FMT_YUV420P,
                                     SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!scaler) throw Failure(LTX_MEDIA_ENCODE, "no conversion of RGB to YUV");
  check(sws_scale(scaler.get(), source->data, source->linesize, 0, height, picture->data, picture->linesize),
        LTX_MEDIA_ENCODE, "conversion to YUV");
  picture->pts = 0;
  copy_i420(*picture, i420_in);

  const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
  const Codec codec = new_codec(encoder, "libx264");
  codec->width = width;
  codec->height = height;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = codec->framerate = {1, 1};
  codec->thread_count = 1;  // slices would make the condition depend on the number of processors
  AVDictionary* options = nullptr;
  const std::unique_ptr<AVDictionary*, void (*)(AVDictionary**)> owner(&options, av_dict_free);
  set_option(&options, "crf", std::to_string(crf));
  set_option(&options, "preset", "veryfast");
  check(avcodec_open2(codec.get(), encoder, &options), LTX_MEDIA_ENCODE, "libx264");
  const Packet packet = encode_single(codec.get(), *picture);

  const AVCodec* decoder = avcodec_find_decoder(AV_CODEC_ID_H264);
  const Codec back = new_codec(decoder, "h264");
  back->thread_count = 1;
  check(avcodec_open2(back.get(), decoder, nullptr), LTX_MEDIA_DECODE, "h264");
  check(avcodec_send_packet(back.get(), packet.get()), LTX_MEDIA_DECODE, "h264");
  check(avcodec_send_packet(back.get(), nullptr), LTX_MEDIA_DECODE, "h264");
  const Frame decoded = new_frame();
  check(avcodec_receive_frame(back.get(), decoded.get()), LTX_MEDIA_DECODE, "h264");
  if (decoded->width != width || decoded->height != height || decoded->format != AV_PIX_FMT_YUV420P)
    throw Failure(LTX_MEDIA_INTERNAL, "H.264 returned a picture of another size");
  copy_i420(*decoded, i420_out);
  RgbConverter().convert(*decoded, rgb_out);
  return LTX_MEDIA_OK;
}

}  // namespace ltx::media_module
