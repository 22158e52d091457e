#include "media/module/writer.h"

#include <algorithm>

namespace ltx::media_module {

int Writer::checked(int result, const std::string& what) {
  if (io_.failed()) throw Failure(LTX_MEDIA_CALLBACK, "writing failed");
  return check(result, LTX_MEDIA_ENCODE, what);
}

Writer::Writer(const ltx_media_file& file, const ltx_media_output& output) : io_(file, true) {
  const AVOutputFormat* format = av_guess_format(output.container, nullptr, nullptr);
  if (!format) throw Failure(LTX_MEDIA_NO_CODEC, std::string("this FFmpeg cannot write ") + output.container);
  check(avformat_alloc_output_context2(&context_, format, nullptr, nullptr), LTX_MEDIA_ENCODE, format->name);
  try {
    silence(context_);
    context_->pb = io_.context();
    context_->flags |= AVFMT_FLAG_CUSTOM_IO;
    // The sound is encoded before the first frame: hold its packets back until pictures come, however long it
    // is.
    context_->max_interleave_delta = 0;
    if (output.comment) set_option(&context_->metadata, "comment", output.comment);
    if (output.has_video) open_video(output);
    if (output.has_audio) open_audio(output);
    checked(avformat_write_header(context_, nullptr), std::string(format->name) + ": header");
  } catch (...) {
    avformat_free_context(context_);
    throw;
  }
}

Writer::~Writer() {
  avformat_free_context(context_);
}

void Writer::add_stream(Track& track) {
  if (context_->oformat->flags & AVFMT_GLOBALHEADER) track.codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  track.stream = avformat_new_stream(context_, nullptr);
  if (!track.stream) throw std::bad_alloc();
}

void Writer::open_video(const ltx_media_output& output) {
  Track& track = video_.emplace();
  const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
  track.codec = new_codec(encoder, "libx264");
  AVCodecContext* codec = track.codec.get();
  const AVRational rate =
      output.rate_num > 0 ? AVRational{output.rate_num, output.rate_den} : av_d2q(output.frame_rate, 1001000);
  codec->width = output.width;
  codec->height = output.height;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->framerate = rate;
  codec->time_base = av_inv_q(rate);
  codec->colorspace = AVCOL_SPC_BT709;
  codec->color_range = AVCOL_RANGE_MPEG;
  codec->thread_count = 0;
  codec->thread_type = FF_THREAD_FRAME;
  add_stream(track);
  AVDictionary* options = nullptr;
  const std::unique_ptr<AVDictionary*, void (*)(AVDictionary**)> owner(&options, av_dict_free);
  set_option(&options, "crf", std::to_string(output.crf));
  set_option(&options, "preset", "veryfast");
  check(avcodec_open2(codec, encoder, &options), LTX_MEDIA_ENCODE, "libx264");
  check(avcodec_parameters_from_context(track.stream->codecpar, codec), LTX_MEDIA_ENCODE, "libx264");
  track.stream->time_base = codec->time_base;
  track.stream->avg_frame_rate = rate;
  track.frame = new_frame(output.width, output.height, AV_PIX_FMT_YUV420P);
}

void Writer::open_audio(const ltx_media_output& output) {
  Track& track = audio_.emplace();
  const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_AAC);
  track.codec = new_codec(encoder, "aac");
  AVCodecContext* codec = track.codec.get();
  codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
  codec->sample_rate = output.sample_rate;
  codec->ch_layout = AV_CHANNEL_LAYOUT_STEREO;
  codec->bit_rate = output.audio_bit_rate;
  codec->time_base = {1, output.sample_rate};
  codec->thread_count = 1;
  add_stream(track);
  check(avcodec_open2(codec, encoder, nullptr), LTX_MEDIA_ENCODE,
        "aac at " + std::to_string(output.sample_rate) + " Hz");
  check(avcodec_parameters_from_context(track.stream->codecpar, codec), LTX_MEDIA_ENCODE, "aac");
  track.stream->time_base = codec->time_base;
  track.frame = new_frame();
}

void Writer::encode(Track& track, const AVFrame* frame) {
  const std::string name = track.codec->codec->name;
  checked(avcodec_send_frame(track.codec.get(), frame), name);
  for (;;) {
    const int received = avcodec_receive_packet(track.codec.get(), packet_.get());
    if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return;
    checked(received, name);
    packet_->stream_index = track.stream->index;
    av_packet_rescale_ts(packet_.get(), track.codec->time_base, track.stream->time_base);
    checked(av_interleaved_write_frame(context_, packet_.get()),
            std::string(context_->oformat->name) + ": packet");
  }
}

void Writer::frame(const uint8_t* i420) {
  Track& track = *video_;
  AVFrame* frame = track.frame.get();
  check(av_frame_make_writable(frame), LTX_MEDIA_ENCODE, "frame buffer");
  const uint8_t* planes[4] = {i420, i420 + frame->width * frame->height,
                              i420 + frame->width * frame->height * 5 / 4, nullptr};
  const int strides[4] = {frame->width, frame->width / 2, frame->width / 2, 0};
  av_image_copy(frame->data, frame->linesize, planes, strides, AV_PIX_FMT_YUV420P, frame->width,
                frame->height);
  frame->pts = track.next_pts++;
  encode(track, frame);
}

void Writer::samples(const float* left, const float* right, int64_t count) {
  Track& track = *audio_;
  const int64_t block = track.codec->frame_size;
  for (int64_t begin = 0; begin < count; begin += block) {
    AVFrame* frame = track.frame.get();
    av_frame_unref(frame);
    frame->nb_samples = static_cast<int>(std::min(block, count - begin));
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = track.codec->sample_rate;
    frame->ch_layout = AV_CHANNEL_LAYOUT_STEREO;
    check(av_frame_get_buffer(frame, 0), LTX_MEDIA_ENCODE, "sample buffer");
    std::copy_n(left + begin, frame->nb_samples, reinterpret_cast<float*>(frame->data[0]));
    std::copy_n(right + begin, frame->nb_samples, reinterpret_cast<float*>(frame->data[1]));
    frame->pts = track.next_pts;
    track.next_pts += frame->nb_samples;
    encode(track, frame);
  }
}

void Writer::finish() {
  if (audio_) encode(*audio_, nullptr);
  if (video_) encode(*video_, nullptr);
  checked(av_write_trailer(context_), std::string(context_->oformat->name) + ": trailer");
  avio_flush(io_.context());
  checked(io_.context()->error, "flush");
}

}  // namespace ltx::media_module
