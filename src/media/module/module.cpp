// The module's door: the function table; every exception ends here as a code and a message.
#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "media/module/reader.h"
#include "media/module/writer.h"

struct ltx_media_reader {
  ltx::media_module::Reader reader;
};
struct ltx_media_writer {
  ltx::media_module::Writer writer;
};

namespace ltx::media_module {
namespace {

template <class Body>
int32_t guarded(ltx_media_error* error, Body body) noexcept {
  const auto report = [error](int32_t code, const char* message) {
    std::memset(error->message, 0, sizeof error->message);
    std::strncpy(error->message, message, sizeof error->message - 1);
    return code;
  };
  try {
    return body();
  } catch (const Failure& failure) {
    return report(failure.code, failure.what());
  } catch (const std::bad_alloc&) {
    return report(LTX_MEDIA_MEMORY, "out of memory");
  } catch (const std::exception& exception) {
    return report(LTX_MEDIA_INTERNAL, exception.what());
  } catch (...) {
    return report(LTX_MEDIA_INTERNAL, "unknown exception");
  }
}

std::string version_of(const char* library, unsigned version) {
  return std::string(library) + " " + std::to_string(AV_VERSION_MAJOR(version)) + "." +
         std::to_string(AV_VERSION_MINOR(version)) + "." + std::to_string(AV_VERSION_MICRO(version));
}

constexpr ltx_media_table kTable = {
    .version = LTX_MEDIA_MODULE_VERSION,
    .size = sizeof(ltx_media_table),
    .libraries =
        [] {
          static char text[128];
          static const bool written = [] {
            const std::string all = version_of("libavcodec", avcodec_version()) + ", " +
                                    version_of("libavformat", avformat_version()) + ", " +
                                    version_of("libswscale", swscale_version());
            all.copy(text, sizeof text - 1);
            return true;
          }();
          return written ? static_cast<const char*>(text) : "";
        },
    .reader_open =
        [](const ltx_media_file* file, int32_t kind, uint32_t flags, ltx_media_reader** reader,
           ltx_media_stream* stream, ltx_media_error* error) {
          return guarded(error, [&] {
            *reader = new ltx_media_reader{Reader(*file, kind, flags, *stream)};
            return LTX_MEDIA_OK;
          });
        },
    .reader_seek =
        [](ltx_media_reader* reader, int64_t timestamp, ltx_media_error* error) {
          return guarded(error, [&] { return reader->reader.seek(timestamp), LTX_MEDIA_OK; });
        },
    .reader_frame =
        [](ltx_media_reader* reader, ltx_media_frame* frame, ltx_media_error* error) {
          return guarded(error, [&] { return reader->reader.frame(*frame); });
        },
    .reader_samples =
        [](ltx_media_reader* reader, ltx_media_samples* samples, ltx_media_error* error) {
          return guarded(error, [&] { return reader->reader.samples(*samples); });
        },
    .reader_close = [](ltx_media_reader* reader) { delete reader; },
    .image_decode =
        [](const ltx_media_file* file, ltx_media_image* image, ltx_media_error* error) {
          return guarded(error, [&] { return image_decode(*file, *image); });
        },
    .image_encode_png =
        [](const ltx_media_file* file, const uint8_t* rgb, int32_t width, int32_t height,
           ltx_media_error* error) {
          return guarded(error, [&] { return image_encode_png(*file, rgb, width, height); });
        },
    .free_buffer = [](void* buffer) { av_free(buffer); },
    .image_recompress =
        [](const uint8_t* rgb, int32_t width, int32_t height, int32_t crf, uint8_t* rgb_out, uint8_t* i420_in,
           uint8_t* i420_out, ltx_media_error* error) {
          return guarded(
              error, [&] { return image_recompress(rgb, width, height, crf, rgb_out, i420_in, i420_out); });
        },
    .writer_open =
        [](const ltx_media_file* file, const ltx_media_output* output, ltx_media_writer** writer,
           ltx_media_error* error) {
          return guarded(error, [&] {
            *writer = new ltx_media_writer{Writer(*file, *output)};
            return LTX_MEDIA_OK;
          });
        },
    .writer_frame =
        [](ltx_media_writer* writer, const uint8_t* i420, ltx_media_error* error) {
          return guarded(error, [&] { return writer->writer.frame(i420), LTX_MEDIA_OK; });
        },
    .writer_samples =
        [](ltx_media_writer* writer, const float* left, const float* right, int64_t count,
           ltx_media_error* error) {
          return guarded(error, [&] { return writer->writer.samples(left, right, count), LTX_MEDIA_OK; });
        },
    .writer_finish =
        [](ltx_media_writer* writer, ltx_media_error* error) {
          return guarded(error, [&] { return writer->writer.finish(), LTX_MEDIA_OK; });
        },
    .writer_close = [](ltx_media_writer* writer) { delete writer; },
};

}  // namespace
}  // namespace ltx::media_module

extern "C" __attribute__((visibility("default"))) const ltx_media_table* ltx_media_module(void) {
  return &ltx::media_module::kTable;
}
