#include "media/audio_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "base/error.h"
#include "media/module.h"

namespace ltx::media {
namespace {

/// The kept frames of a stream, one growing row per channel.
struct Rows {
  std::vector<std::vector<float>> channels;
  int sample_rate = 0;
  double first_time = 0;  // seconds, of the first sample

  bool empty() const { return channels.empty() || channels[0].empty(); }
  void append(const ltx_media_samples& frame) {
    for (int c = 0; c < frame.channels; ++c)
      channels[c].insert(channels[c].end(), frame.data + c * frame.count, frame.data + (c + 1) * frame.count);
  }
};

}  // namespace

std::optional<Audio> read_audio(const std::filesystem::path& path, const AudioWindow& window,
                                Monitor& monitor) {
  const double start = window.start_time;
  if (!std::isfinite(start) || start < 0 ||
      (window.max_duration && (!std::isfinite(*window.max_duration) || *window.max_duration < 0)))
    fail(Status::InvalidArgument,
         "an audio window from {} s for {} s. Give finite seconds that are not negative.", start,
         window.max_duration.value_or(0));
  const auto& media = module();
  InputFile file(path);
  FileDoor door(file);
  ltx_media_reader* opened = nullptr;
  ltx_media_stream info{};
  try {
    door.call(media.reader_open, door.callbacks(), int32_t{LTX_MEDIA_AUDIO},
              window.reference_parity ? uint32_t{LTX_MEDIA_SOUND_AS_REFERENCE} : 0u, &opened, &info);
  } catch (const NoStream&) {
    return std::nullopt;
  }
  const std::unique_ptr<ltx_media_reader, void (*)(ltx_media_reader*)> reader(opened, media.reader_close);

  if (window.max_duration && !(*window.max_duration > 0)) return std::nullopt;
  const double seconds_per_tick = static_cast<double>(info.time_base_num) / info.time_base_den;
  if (start > 0) door.call(media.reader_seek, opened, static_cast<int64_t>(start / seconds_per_tick));
  double end = std::numeric_limits<double>::infinity();
  if (window.max_duration)
    end = start + *window.max_duration;
  else if (window.reference_parity && info.duration >= 0)
    end = info.duration;

  Rows rows;
  ltx_media_samples frame{};
  while (monitor.checkpoint(), door.call(media.reader_samples, opened, &frame)) {
    if (!frame.has_pts) continue;
    const auto begins =
        static_cast<double>(static_cast<long double>(frame.pts) * info.time_base_num / info.time_base_den);
    const double ends = begins + static_cast<double>(frame.count) / frame.sample_rate;
    if (ends < start) continue;
    if (begins > end) break;
    if (rows.channels.empty()) {
      rows.channels.resize(static_cast<size_t>(frame.channels));
      rows.sample_rate = frame.sample_rate;
      rows.first_time = begins;
    } else if (static_cast<int>(rows.channels.size()) != frame.channels ||
               rows.sample_rate != frame.sample_rate) {
      fail(Status::MediaDecode, "{}: the sound changes its channels or rate at {} s. Convert the file.",
           path.string(), begins);
    }
    rows.append(frame);
  }
  if (rows.empty()) return std::nullopt;

  const auto have = static_cast<int64_t>(rows.channels[0].size());
  // nearbyint: halves to even in the default rounding mode, as the specification counts samples.
  const double lead = std::nearbyint((start - rows.first_time) * rows.sample_rate);
  const int64_t skip = std::clamp<int64_t>(static_cast<int64_t>(lead), 0, have);
  int64_t keep = have - skip, silence = 0;
  if (window.max_duration) {
    const double wanted = std::nearbyint(*window.max_duration * rows.sample_rate);
    if (window.silence_before) silence = static_cast<int64_t>(std::clamp(-lead, 0.0, wanted));
    keep = static_cast<int64_t>(std::min(static_cast<double>(keep), wanted - static_cast<double>(silence)));
  }
  if (keep <= 0) return std::nullopt;
  Audio audio{static_cast<int>(rows.channels.size()), rows.sample_rate, silence + keep, {}};
  audio.data.reserve(rows.channels.size() * static_cast<size_t>(audio.samples));
  for (const auto& row : rows.channels) {
    audio.data.insert(audio.data.end(), static_cast<size_t>(silence), 0.0f);
    audio.data.insert(audio.data.end(), row.begin() + skip, row.begin() + skip + keep);
  }
  return audio;
}

}  // namespace ltx::media
