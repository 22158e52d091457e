#include "media/module/reader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace ltx::media_module {

namespace {

/// Whether the container's header says everything that is needed. Then FFmpeg's own probing is left out: it
/// decodes by contexts that are out of reach and print what they think of a damaged file.
bool describes(const AVCodecParameters& stream, AVRational frame_rate) {
  if (stream.codec_id == AV_CODEC_ID_NONE) return false;
  if (stream.codec_type == AVMEDIA_TYPE_AUDIO)
    return stream.sample_rate > 0 && stream.ch_layout.nb_channels > 0;
  return stream.width > 0 && stream.height > 0 && frame_rate.num > 0 && frame_rate.den > 0;
}

/// What the container's display matrix comes to, by the numbers of EXIF; 1 where there is none or it is not
/// made of quarter turns and mirrors.
int orientation_of(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const auto* parameters = stream.codecpar;
  const auto* side = av_packet_side_data_get(parameters->coded_side_data, parameters->nb_coded_side_data,
                                             AV_PKT_DATA_DISPLAYMATRIX);
  const uint8_t* data = side ? side->data : nullptr;
  const size_t size = side ? side->size : 0;
#else
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
#endif
  int32_t m[9];
  if (!data || size < sizeof m) return 1;
  std::memcpy(m, data, sizeof m);
  // x' = a x + c y, y' = b x + d y
  const int32_t a = m[0], b = m[1], c = m[3], d = m[4];
  if (b == 0 && c == 0 && a != 0 && d != 0) return a > 0 ? (d > 0 ? 1 : 4) : (d > 0 ? 2 : 3);
  if (a == 0 && d == 0 && b != 0 && c != 0) return b > 0 ? (c > 0 ? 5 : 6) : (c > 0 ? 8 : 7);
  return 1;
}

}  // namespace

void Reader::select(AVMediaType type) {
  stream_ = nullptr;
  for (unsigned i = 0; i < demuxer_->nb_streams; ++i) {
    AVStream* stream = demuxer_->streams[i];
    const bool first = !stream_ && stream->codecpar->codec_type == type;
    stream->discard = first ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    if (first) stream_ = stream;
  }
}

Reader::Reader(const ltx_media_file& file, int kind, uint32_t flags, ltx_media_stream& info)
    : demuxer_(file), flags_(flags) {
  const bool video = kind == LTX_MEDIA_VIDEO;
  if (demuxer_.still()) throw Failure(LTX_MEDIA_NO_STREAM, "a still image, no stream");
  select(video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO);
  if (stream_ && describes(*stream_->codecpar, stream_->avg_frame_rate)) {
    // These containers store whole frames with their times; for sound the demuxer's own counting is still
    // wanted. It is for Matroska's tracks in the manner of AVI, too, which a FourCC tells: they store when
    // frames are decoded, and without that counting no frame has a time.
    const std::string_view format = demuxer_->iformat->name;
    const bool timed =
        format.starts_with("mov") || (format.starts_with("matroska") && stream_->codecpar->codec_tag == 0);
    if (video && timed) demuxer_->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  } else {
    const int found = avformat_find_stream_info(demuxer_.get(), nullptr);
    if (demuxer_.io().failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
    check(found, LTX_MEDIA_DECODE, std::string(demuxer_->iformat->name) + ": stream information");
    select(video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO);
  }
  if (!stream_) throw Failure(LTX_MEDIA_NO_STREAM, video ? "no video stream" : "no audio stream");

  const AVCodec* decoder = avcodec_find_decoder(stream_->codecpar->codec_id);
  codec_ = new_codec(decoder, avcodec_get_name(stream_->codecpar->codec_id));
  check(avcodec_parameters_to_context(codec_.get(), stream_->codecpar), LTX_MEDIA_DECODE, "parameters");
  codec_->pkt_timebase = stream_->time_base;
  codec_->thread_count = video ? 0 : 1;
  check(avcodec_open2(codec_.get(), decoder, nullptr), LTX_MEDIA_DECODE, decoder->name);

  info = {};
  info.time_base_num = stream_->time_base.num;
  info.time_base_den = stream_->time_base.den;
  info.duration = stream_->duration == AV_NOPTS_VALUE ? -1
                                                      : static_cast<double>(stream_->duration) *
                                                            stream_->time_base.num / stream_->time_base.den;
  info.frame_rate = stream_->avg_frame_rate.num > 0 && stream_->avg_frame_rate.den > 0
                        ? av_q2d(stream_->avg_frame_rate)
                        : 0;
  info.frame_count = stream_->nb_frames;
  info.width = codec_->width;
  info.height = codec_->height;
  info.orientation = video ? orientation_of(*stream_) : 1;
  info.channels = codec_->ch_layout.nb_channels;
  info.sample_rate = codec_->sample_rate;
}

int64_t Reader::lead_in(int64_t timestamp) const {
  // PCM's samples stand for themselves and need nothing before them.
  const auto codec = codec_->codec_id;
  const bool pcm = codec >= AV_CODEC_ID_FIRST_AUDIO && codec < AV_CODEC_ID_ADPCM_IMA_QT;
  if (codec_->codec_type != AVMEDIA_TYPE_AUDIO || flags_ & LTX_MEDIA_SOUND_AS_REFERENCE || pcm)
    return timestamp;
  // Enough for what depends on the past: AAC a frame, Opus 80 ms, MP3's reservoir of bits a quarter second,
  // and about half a second until a state that is carried on has been forgotten. It may lie before the
  // stream's start, where an encoder's own lead-in lies, too.
  return timestamp - av_rescale_q(1, {1, 1}, stream_->time_base);
}

void Reader::seek(int64_t timestamp) {
  timestamp = lead_in(timestamp);
  int result = av_seek_frame(demuxer_.get(), stream_->index, timestamp, AVSEEK_FLAG_BACKWARD);
  // Some demuxers refuse a time before the stream's first packet; what lies behind is that packet.
  if (result < 0 && !demuxer_.io().failed())
    result = av_seek_frame(demuxer_.get(), stream_->index, timestamp, 0);
  if (demuxer_.io().failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
  check(result, LTX_MEDIA_DECODE, std::string(demuxer_->iformat->name) + ": seeking");
  avcodec_flush_buffers(codec_.get());
  flushing_ = false;
}

std::string Reader::position() const {
  char text[64];
  std::snprintf(text, sizeof text, " after %.3f s", last_seconds_);
  return codec_->codec->name + std::string(text);
}

bool Reader::cut_off() const {
  const int entries = avformat_index_get_entries_count(stream_);
  const AVIndexEntry* last = entries > 0 ? avformat_index_get_entry(stream_, entries - 1) : nullptr;
  const int64_t size = avio_size(demuxer_->pb);
  return last && size >= 0 && last->pos + last->size > size;
}

void Reader::feed() {
  for (;;) {
    const int read = av_read_frame(demuxer_.get(), packet_.get());
    if (demuxer_.io().failed()) throw Failure(LTX_MEDIA_CALLBACK, "reading failed");
    if (read == AVERROR_EOF) {
      if (cut_off()) throw Failure(LTX_MEDIA_DECODE, position() + ": the data are cut off or damaged");
      check(avcodec_send_packet(codec_.get(), nullptr), LTX_MEDIA_DECODE, position());
      flushing_ = true;
      return;
    }
    check(read, LTX_MEDIA_DECODE, position());
    const bool ours = packet_->stream_index == stream_->index;
    if (ours && packet_->flags & AV_PKT_FLAG_CORRUPT)
      throw Failure(LTX_MEDIA_DECODE, position() + ": the data are cut off or damaged");
    const int sent = ours ? avcodec_send_packet(codec_.get(), packet_.get()) : 0;
    av_packet_unref(packet_.get());
    check(sent, LTX_MEDIA_DECODE, position());
    if (ours) return;
  }
}

bool Reader::decode() {
  for (;;) {
    const int received = avcodec_receive_frame(codec_.get(), frame_.get());
    if (received == AVERROR_EOF || (received == AVERROR(EAGAIN) && flushing_)) return false;
    if (received != AVERROR(EAGAIN)) {
      check(received, LTX_MEDIA_DECODE, position());
      if (frame_->pts != AV_NOPTS_VALUE)
        last_seconds_ = static_cast<double>(frame_->pts) * av_q2d(stream_->time_base);
      return true;
    }
    feed();
  }
}

int32_t Reader::frame(ltx_media_frame& out) {
  if (!decode()) return LTX_MEDIA_END;
  rgb_.resize(static_cast<size_t>(frame_->width) * frame_->height * 3);
  converter_.convert(*frame_, rgb_.data());
  out = {rgb_.data(), frame_->width, frame_->height, frame_->pts != AV_NOPTS_VALUE, 0, frame_->pts};
  return LTX_MEDIA_OK;
}

namespace {

/// Samples of one frame as floats, channel after channel; `shift` and `scale` map the format's range to ±1.
template <class Sample>
void deinterleave(const AVFrame& frame, bool planar, double shift, double scale, std::vector<float>& out) {
  const int channels = frame.ch_layout.nb_channels, count = frame.nb_samples;
  for (int c = 0; c < channels; ++c) {
    const auto* source =
        reinterpret_cast<const Sample*>(frame.extended_data[planar ? c : 0]) + (planar ? 0 : c);
    const int stride = planar ? 1 : channels;
    float* target = out.data() + static_cast<size_t>(c) * count;
    for (int i = 0; i < count; ++i)
      target[i] = static_cast<float>(
          (static_cast<double>(source[static_cast<ptrdiff_t>(i) * stride]) - shift) * scale);
  }
}

}  // namespace

int32_t Reader::samples(ltx_media_samples& out) {
  if (!decode()) return LTX_MEDIA_END;
  const auto format = static_cast<AVSampleFormat>(frame_->format);
  const bool planar = av_sample_fmt_is_planar(format);
  samples_.resize(static_cast<size_t>(frame_->ch_layout.nb_channels) * frame_->nb_samples);
  switch (av_get_packed_sample_fmt(format)) {
    case AV_SAMPLE_FMT_U8:
      deinterleave<uint8_t>(*frame_, planar, flags_ & LTX_MEDIA_SOUND_AS_REFERENCE ? 0 : 128, 0x1p-7,
                            samples_);
      break;
    case AV_SAMPLE_FMT_S16:
      deinterleave<int16_t>(*frame_, planar, 0, 0x1p-15, samples_);
      break;
    case AV_SAMPLE_FMT_S32:
      deinterleave<int32_t>(*frame_, planar, 0, 0x1p-31, samples_);
      break;
    case AV_SAMPLE_FMT_S64:
      deinterleave<int64_t>(*frame_, planar, 0, 0x1p-63, samples_);
      break;
    case AV_SAMPLE_FMT_FLT:
      deinterleave<float>(*frame_, planar, 0, 1, samples_);
      break;
    case AV_SAMPLE_FMT_DBL:
      deinterleave<double>(*frame_, planar, 0, 1, samples_);
      break;
    default:
      throw Failure(LTX_MEDIA_DECODE, "unknown sample format");
  }
  out = {samples_.data(),
         frame_->nb_samples,
         frame_->ch_layout.nb_channels,
         frame_->sample_rate,
         frame_->pts != AV_NOPTS_VALUE,
         0,
         frame_->pts};
  return LTX_MEDIA_OK;
}

}  // namespace ltx::media_module
