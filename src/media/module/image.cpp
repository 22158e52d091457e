// Still pictures: decoding, PNG, and the H.264 pass of condition images (spec 07 §8.1).
#include <algorithm>
#include <string_view>
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

/// Sends packets until a frame comes out.
Frame decode_first(Demuxer& demuxer, const ltx_media_file& file) {
  if (demuxer->nb_streams == 0)
    check(avformat_find_stream_info(demuxer.get(), nullptr), LTX_MEDIA_DECODE, "streams");
  const AVCodec* decoder = nullptr;
  const int index = av_find_best_stream(demuxer.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  if (index == AVERROR_DECODER_NOT_FOUND)
    throw Failure(LTX_MEDIA_NO_CODEC, "this FFmpeg cannot decode the picture");
  if (index < 0) throw Failure(LTX_MEDIA_NO_STREAM, "no picture in this file");
  const Codec codec = new_codec(decoder, "image");
  check(avcodec_parameters_to_context(codec.get(), demuxer->streams[index]->codecpar), LTX_MEDIA_DECODE,
        "parameters");
  codec->thread_count = 1;
  codec->max_pixels = kMaxPixels;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  codec->pkt_timebase = demuxer->streams[index]->time_base;
  check(avcodec_open2(codec.get(), decoder, nullptr), LTX_MEDIA_DECODE, decoder->name);

  // The "_pipe" demuxers cut a picture into blocks for a parser; the decoders want the file in one piece.
  const bool single = std::string_view(demuxer->iformat->name).ends_with("_pipe");
  const Packet packet = single ? as_packet(read_all(file)) : new_packet();
  Frame frame = new_frame();
  bool flushing = false;
  for (;;) {
    const int received = avcodec_receive_frame(codec.get(), frame.get());
    if (received == AVERROR_EOF)
      throw Failure(LTX_MEDIA_DECODE, std::string(decoder->name) + ": no picture in the data");
    if (received != AVERROR(EAGAIN)) {
      check(received, LTX_MEDIA_DECODE, decoder->name);
      return frame;
    }
    int sent = 0;
    if (flushing) {
      throw Failure(LTX_MEDIA_DECODE, std::string(decoder->name) + ": no picture in the data");
    } else if (single) {
      if ((sent = avcodec_send_packet(codec.get(), packet.get())) >= 0) {
        sent = avcodec_send_packet(codec.get(), nullptr);
        flushing = true;
      }
    } else {
      const int read = av_read_frame(demuxer.get(), packet.get());
      if (demuxer.io().failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
      if (read == AVERROR_EOF) {
        sent = avcodec_send_packet(codec.get(), nullptr);
        flushing = true;
      } else {
        check(read, LTX_MEDIA_DECODE, demuxer->iformat->name);
        if (packet->stream_index == index) sent = avcodec_send_packet(codec.get(), packet.get());
        av_packet_unref(packet.get());
      }
    }
    check(sent, LTX_MEDIA_DECODE, decoder->name);
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

void Picture::allocate(int64_t picture_width, int64_t picture_height) {
  if (picture_width < 1 || picture_height < 1 || picture_width > kMaxPixels / picture_height)
    throw Failure(LTX_MEDIA_DECODE, "a picture of " + std::to_string(picture_width) + "x" +
                                        std::to_string(picture_height) + " pixels is not accepted");
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

bool is_jpeg(const ltx_media_file& file) {
  uint8_t start[3] = {};
  if (file.seek(file.user, 0) != 0 || file.read(file.user, start, 3) < 0 || file.seek(file.user, 0) != 0)
    throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
  return start[0] == 0xff && start[1] == 0xd8 && start[2] == 0xff;
}

}  // namespace

int32_t image_decode(const ltx_media_file& file, ltx_media_image& image) {
  Picture picture = is_jpeg(file) ? decode_jpeg(read_all(file)) : decode_by_ffmpeg(file);
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
