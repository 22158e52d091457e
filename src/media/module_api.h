/* The door between libltx and its private FFmpeg module (libltx_media_<avcodec major>.so). FFmpeg is loaded,
 * not linked: libltx opens the module at the first codec or media file, and the module reaches files only
 * through the callbacks given here, so that paths, disk errors and cancellation stay with libltx. Both sides
 * come from one build; `version` and `size` are checked all the same, because a folder may hold a stale
 * module. No exception crosses this door. */
#pragma once
#include <stdint.h>

#define LTX_MEDIA_MODULE_VERSION 3
#define LTX_MEDIA_MODULE_ENTRY "ltx_media_module"

#ifdef __cplusplus
extern "C" {
#endif

enum ltx_media_code {
  LTX_MEDIA_OK = 0,
  LTX_MEDIA_END = 1,       /* no further frame */
  LTX_MEDIA_FORMAT = 2,    /* not a media file that FFmpeg knows */
  LTX_MEDIA_NO_STREAM = 3, /* no stream of the wanted kind */
  LTX_MEDIA_DECODE = 4,
  LTX_MEDIA_ENCODE = 5,
  LTX_MEDIA_MEMORY = 6,
  LTX_MEDIA_NO_CODEC = 7, /* this FFmpeg was built without the decoder or encoder */
  LTX_MEDIA_CALLBACK = 8, /* an ltx_media_file callback failed and keeps the reason */
  LTX_MEDIA_INTERNAL = 9
};

typedef struct ltx_media_error {
  char message[512]; /* one line, NUL-terminated; the facts without the path */
} ltx_media_error;

/* A random-access file. Every callback returns -1 after a failure. */
typedef struct ltx_media_file {
  void* user;
  int64_t (*read)(void* user, uint8_t* data, int64_t size);        /* bytes read, 0 at the end */
  int64_t (*write)(void* user, const uint8_t* data, int64_t size); /* size */
  int64_t (*seek)(void* user, int64_t position);                   /* position */
  int64_t (*size)(void* user);
} ltx_media_file;

typedef struct ltx_media_reader ltx_media_reader;
typedef struct ltx_media_writer ltx_media_writer;

enum ltx_media_kind { LTX_MEDIA_VIDEO = 1, LTX_MEDIA_AUDIO = 2 };

enum ltx_media_read_flags {
  LTX_MEDIA_SOUND_AS_REFERENCE =
      1 /* unsigned 8-bit samples are divided by 128 with their offset left in; a seek decodes nothing before
           the frame that it lands on, whose samples are then off where frames overlap */
};

typedef struct ltx_media_stream {
  int32_t time_base_num, time_base_den; /* seconds per tick */
  double duration;                      /* seconds, -1 unknown */
  double frame_rate;                    /* hertz, average; 0 unknown */
  int64_t frame_count;                  /* as the container says, 0 unknown */
  int32_t width, height;                /* as stored */
  int32_t orientation; /* of the display matrix, numbered as in EXIF; 1: none that is known */
  int32_t channels, sample_rate, reserved0;
} ltx_media_stream;

/* Valid until the next call on the reader. */
typedef struct ltx_media_frame {
  const uint8_t* rgb; /* [height, width, 3], tight */
  int32_t width, height;
  int32_t has_pts, reserved0;
  int64_t pts;
} ltx_media_frame;

typedef struct ltx_media_samples {
  const float* data; /* [channels, count], tight */
  int64_t count;
  int32_t channels, sample_rate;
  int32_t has_pts, reserved0;
  int64_t pts;
} ltx_media_samples;

/* `rgb` is the caller's after a success: release with free_buffer. */
typedef struct ltx_media_image {
  uint8_t* rgb; /* [height, width, 3], tight */
  int32_t width, height;
  char warning[256]; /* empty, or why the colour profile was not applied */
} ltx_media_image;

typedef struct ltx_media_output {
  const char* container; /* FFmpeg's muxer name: "mp4", "mov", "matroska" */
  const char* comment;   /* embedded as metadata; NULL: none */
  int32_t has_video, has_audio;
  int32_t width, height, crf;
  int32_t rate_num, rate_den; /* frames per second; 0/0: from frame_rate */
  double frame_rate;
  int32_t sample_rate, reserved0;
  int64_t audio_bit_rate; /* 0: the encoder's own choice */
} ltx_media_output;

typedef struct ltx_media_table {
  uint32_t version, size;         /* LTX_MEDIA_MODULE_VERSION, sizeof(ltx_media_table) */
  const char* (*libraries)(void); /* "libavcodec 59.37.100, …" */

  /* Opens the first stream of `kind`. The file must
   * outlive the reader. */
  int32_t (*reader_open)(const ltx_media_file* file, int32_t kind, uint32_t flags, ltx_media_reader** reader,
                         ltx_media_stream* stream, ltx_media_error* error);
  /* To the key frame at or before `timestamp` (ticks), or the first where there is none; for sound whose
   * frames depend on those before, to one early enough that the decoder gives the samples at `timestamp` as
   * if it had read from the start. */
  int32_t (*reader_seek)(ltx_media_reader* reader, int64_t timestamp, ltx_media_error* error);
  int32_t (*reader_frame)(ltx_media_reader* reader, ltx_media_frame* frame, ltx_media_error* error);
  int32_t (*reader_samples)(ltx_media_reader* reader, ltx_media_samples* samples, ltx_media_error* error);
  void (*reader_close)(ltx_media_reader* reader);

  /* First picture of a still image; alpha dropped, grey and palette expanded, an embedded ICC profile
   * converted to sRGB. The EXIF orientation is not applied. */
  int32_t (*image_decode)(const ltx_media_file* file, ltx_media_image* image, ltx_media_error* error);
  int32_t (*image_encode_png)(const ltx_media_file* file, const uint8_t* rgb, int32_t width, int32_t height,
                              ltx_media_error* error);
  void (*free_buffer)(void* buffer);
  /* One frame through H.264 and back. Sizes are even; `i420_in` and `i420_out` (height * 3 / 2 rows of width)
   * may be NULL. */
  int32_t (*image_recompress)(const uint8_t* rgb, int32_t width, int32_t height, int32_t crf,
                              uint8_t* rgb_out, uint8_t* i420_in, uint8_t* i420_out, ltx_media_error* error);

  int32_t (*writer_open)(const ltx_media_file* file, const ltx_media_output* output,
                         ltx_media_writer** writer, ltx_media_error* error);
  /* One frame, height * 3 / 2 rows of width bytes: Y, U, V. */
  int32_t (*writer_frame)(ltx_media_writer* writer, const uint8_t* i420, ltx_media_error* error);
  /* Planar stereo samples within [-1, 1]. */
  int32_t (*writer_samples)(ltx_media_writer* writer, const float* left, const float* right, int64_t count,
                            ltx_media_error* error);
  int32_t (*writer_finish)(ltx_media_writer* writer, ltx_media_error* error);
  void (*writer_close)(ltx_media_writer* writer);
} ltx_media_table;

typedef const ltx_media_table* (*ltx_media_module_entry)(void);

#ifdef __cplusplus
}
#endif
