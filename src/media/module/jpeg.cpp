#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "media/module/ffmpeg.h"
// After <cstdio>, whose types it needs.
#include <jerror.h>
#include <jpeglib.h>

namespace ltx::media_module {
namespace {

/// libjpeg reports by callbacks and leaves a failed call by longjmp.
struct Errors : jpeg_error_mgr {
  jmp_buf escape;
  char text[JMSG_LENGTH_MAX] = {};

  Errors() : jpeg_error_mgr{} {
    jpeg_std_error(this);
    error_exit = [](j_common_ptr codec) {
      auto* self = static_cast<Errors*>(codec->err);
      self->format_message(codec, self->text);
      longjmp(self->escape, 1);
    };
    emit_message = [](j_common_ptr codec, int level) {
      // Of all warnings only this one means that a part of the picture is missing.
      if (level < 0 && codec->err->msg_code == JWRN_JPEG_EOF) codec->err->error_exit(codec);
    };
    output_message = [](j_common_ptr) {};
  }
};

/// The decoder's C object; every method returns false after an error and then holds nothing that needs
/// unwinding.
class Decoder {
 public:
  explicit Decoder(const std::vector<uint8_t>& file) : file_(file) { codec_.err = &errors_; }
  ~Decoder() { jpeg_destroy_decompress(&codec_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool open() {
    if (setjmp(errors_.escape)) return false;
    jpeg_create_decompress(&codec_);
    jpeg_mem_src(&codec_, file_.data(), static_cast<unsigned long>(file_.size()));
    jpeg_save_markers(&codec_, JPEG_APP0 + 2, 0xffff);  // colour profile
    jpeg_read_header(&codec_, TRUE);
    if (codec_.jpeg_color_space == JCS_CMYK || codec_.jpeg_color_space == JCS_YCCK)
      codec_.out_color_space = JCS_CMYK;
    else if (codec_.jpeg_color_space != JCS_GRAYSCALE)
      codec_.out_color_space = JCS_RGB;
    jpeg_calc_output_dimensions(&codec_);
    return true;
  }

  bool read(uint8_t* pixels) {
    if (setjmp(errors_.escape)) return false;
    jpeg_start_decompress(&codec_);
    while (codec_.output_scanline < codec_.output_height) {
      JSAMPROW row = pixels + static_cast<size_t>(codec_.output_scanline) * codec_.output_width * channels();
      jpeg_read_scanlines(&codec_, &row, 1);
    }
    return true;
  }

  std::vector<uint8_t> profile() {
    JOCTET* data = nullptr;
    unsigned size = 0;
    if (setjmp(errors_.escape) || !jpeg_read_icc_profile(&codec_, &data, &size)) return {};
    const std::unique_ptr<JOCTET, decltype(&std::free)> owner(data, std::free);
    return {data, data + size};
  }

  unsigned width() const { return codec_.output_width; }
  unsigned height() const { return codec_.output_height; }
  unsigned channels() const { return static_cast<unsigned>(codec_.out_color_components); }
  Failure failure() const { return {LTX_MEDIA_DECODE, std::string("jpeg: ") + errors_.text}; }

 private:
  const std::vector<uint8_t>& file_;
  Errors errors_;
  jpeg_decompress_struct codec_{};
};

/// a · b / 255, rounded.
int scaled(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

void expand(Picture& picture) {
  const uint8_t* from = picture.source.data();
  uint8_t* to = picture.rgb.get();
  const int channels = picture.source_channels;
  for (int64_t i = 0; i < picture.pixels(); ++i, from += channels, to += 3)
    for (int c = 0; c < 3; ++c) {
      const int light = 255 - (channels == 4 ? from[3] : 0);
      to[c] = channels == 1   ? from[0]
              : channels == 3 ? from[c]
                              : static_cast<uint8_t>(light - scaled(from[c], light));
    }
}

}  // namespace

Picture decode_jpeg(const std::vector<uint8_t>& file) {
  Decoder decoder(file);
  if (!decoder.open()) throw decoder.failure();
  Picture picture;
  picture.allocate(decoder.width(), decoder.height());
  picture.source_channels = static_cast<int>(decoder.channels());
  picture.source.resize(static_cast<size_t>(picture.pixels()) * decoder.channels());
  if (!decoder.read(picture.source.data())) throw decoder.failure();
  picture.profile = decoder.profile();
  // CMYK files hold inverted inks, by Adobe's convention.
  if (picture.source_channels == 4)
    for (uint8_t& ink : picture.source) ink = static_cast<uint8_t>(255 - ink);
  expand(picture);
  return picture;
}

}  // namespace ltx::media_module
