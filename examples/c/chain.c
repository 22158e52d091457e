/* A film of several prompts in one take: a first clip, then each next one continues from the last frames and
 * sounds of what is there. Only one clip is in memory at a time.
 *
 *   chain MODELS FILM WIDTH HEIGHT FRAMES TAIL "first prompt" "second prompt" …
 *
 * writes FILM.rgb (raw frames, 24 per second) and FILM.wav, and says how to make a file of both. FRAMES and
 * TAIL (at least 9) are 8 k + 1: the frames of a clip, and how many of the last ones the next clip sees.
 * MODELS is a folder with a distilled checkpoint, a text encoder and a spatial upsampler.
 *
 * How a clip is continued: the recipe RETAKE gets the tail followed by as many frames of anything and makes
 * the time after the tail anew, picture and sound. The tail stays as it is in latent space, so motion and
 * voices go on; of the result, what comes after the tail is appended. No frame is written twice. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ltx_c.h"

#define RATE 24.0
#define FADE_SECONDS 0.02

/* What is written, and the end of the sound that waits to be faded into the next clip's. */
typedef struct film {
  FILE *rgb, *wav;
  long frames;  /* written */
  long samples; /* written, per channel */
  int32_t sample_rate;
  float* held; /* [2, held_count]: the sound after what is written */
  long held_count;
} film;

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, ltx_last_error());
  return 1;
}

static int out_of_memory(void) {
  fprintf(stderr, "out of memory\n");
  return 1;
}

static long samples_of(double seconds, int32_t sample_rate) {
  return (long)floor(seconds * sample_rate + 0.5);
}

static void put(FILE* file, uint32_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) fputc((int)(value & 255), file);
}

/* The header of 16-bit stereo; written again with the length when it is known. */
static void wav_header(FILE* file, int32_t sample_rate, long samples) {
  rewind(file);
  fputs("RIFF", file);
  put(file, (uint32_t)(36 + 4 * samples), 4);
  fputs("WAVEfmt ", file);
  put(file, 16, 4);
  put(file, 1, 2);
  put(file, 2, 2);
  put(file, (uint32_t)sample_rate, 4);
  put(file, (uint32_t)sample_rate * 4, 4);
  put(file, 4, 2);
  put(file, 16, 2);
  fputs("data", file);
  put(file, (uint32_t)(4 * samples), 4);
}

static void write_sample(film* out, float left, float right) {
  const float pair[2] = {left, right};
  int i;
  for (i = 0; i < 2; ++i) {
    const float clipped = pair[i] < -1 ? -1 : pair[i] > 1 ? 1 : pair[i];
    put(out->wav, (uint32_t)(int32_t)(clipped * 32767), 2);
  }
  ++out->samples;
}

/* Appends a clip's frames from `first_frame` on, and its sound from the same moment. Where the sound before
 * ends is not always where its last frame does; the new clip has heard the tail and knows what belongs there.
 * Returns 0, or 1 after a message if there is no memory. */
static int append(film* out, const ltx_video_buffer* video, const ltx_audio_buffer* audio,
                  int32_t first_frame) {
  const size_t frame_bytes = (size_t)video->width * (size_t)video->height * 3;
  const long stride = audio->channel_stride ? (long)audio->channel_stride : (long)audio->sample_count;
  const long count = (long)audio->sample_count;
  /* Sample of this clip at which the film's sound stands. */
  const long seam = samples_of((double)(out->frames - first_frame) / RATE, audio->sample_rate);
  long at = out->samples - seam, fade = samples_of(FADE_SECONDS, audio->sample_rate), i, keep;
  float* held;
  if (at < 0) at = 0; /* the film's sound ends before this clip's begins */
  if (out->samples == 0) {
    out->sample_rate = audio->sample_rate;
    wav_header(out->wav, out->sample_rate, 0);
  }
  for (i = 0; i < out->held_count && at + i < count; ++i) {
    const float share = ((float)i + 0.5f) / (float)out->held_count;
    const float* before = out->held + i;
    write_sample(out, (1 - share) * before[0] + share * audio->data[at + i],
                 (1 - share) * before[out->held_count] + share * audio->data[stride + at + i]);
  }
  at += i;
  /* The last of it waits, at most up to the last frame's end. */
  keep =
      samples_of((double)(video->frame_count - first_frame + out->frames) / RATE, audio->sample_rate) - seam;
  if (keep > count) keep = count;
  keep -= fade;
  for (; at < keep; ++at) write_sample(out, audio->data[at], audio->data[stride + at]);
  if (fade > count - at) fade = count > at ? count - at : 0; /* a short sound fades in what there is */
  held = (float*)realloc(out->held, 2 * ((size_t)fade + 1) * sizeof(float));
  if (held == NULL) return out_of_memory();
  out->held = held;
  out->held_count = fade;
  memcpy(out->held, audio->data + at, (size_t)fade * sizeof(float));
  memcpy(out->held + fade, audio->data + stride + at, (size_t)fade * sizeof(float));

  fwrite((const uint8_t*)video->data + (size_t)first_frame * frame_bytes, frame_bytes,
         (size_t)(video->frame_count - first_frame), out->rgb);
  out->frames += video->frame_count - first_frame;
  return 0;
}

static void finish(film* out) {
  long i;
  for (i = 0; i < out->held_count; ++i) write_sample(out, out->held[i], out->held[out->held_count + i]);
  wav_header(out->wav, out->sample_rate, out->samples);
  free(out->held);
}

/* Generates, and gives views of what was made. NULL after a message if that fails. */
static ltx_result* generate(ltx_pipeline* pipeline, const ltx_request* request, ltx_video_buffer* video,
                            ltx_audio_buffer* audio) {
  ltx_result* made = NULL;
  ltx_stats stats;
  ltx_stats_init(&stats);
  if (ltx_generate(pipeline, request, NULL, NULL, &made) != LTX_OK ||
      ltx_result_video(made, video) != LTX_OK || ltx_result_audio(made, audio) != LTX_OK ||
      ltx_result_stats(made, &stats) != LTX_OK) {
    fail("cannot generate");
    ltx_free(made);
    return NULL;
  }
  printf("%d frames, %.3f s of sound, peak %.1f MiB\n", (int)video->frame_count,
         (double)audio->sample_count / audio->sample_rate, (double)stats.peak_host_bytes / 1048576);
  return made;
}

/* The clip that goes on where `before` ends. */
static ltx_result* continue_clip(ltx_pipeline* retake, const char* prompt, uint64_t seed, int32_t tail,
                                 ltx_video_buffer* video, ltx_audio_buffer* audio) {
  const size_t frame_bytes = (size_t)video->width * (size_t)video->height * 3;
  const int32_t frames = video->frame_count, first = frames - tail;
  const long from = samples_of(first / RATE, audio->sample_rate);
  const uint8_t* shown = (const uint8_t*)video->data;
  uint8_t* pixels = (uint8_t*)malloc((size_t)frames * frame_bytes);
  ltx_video_buffer clip;
  ltx_audio_buffer sound;
  ltx_video_condition source;
  ltx_audio_condition heard;
  ltx_request request;
  ltx_result* made;
  int32_t i;
  if (pixels == NULL) {
    out_of_memory();
    return NULL;
  }
  memcpy(pixels, shown + (size_t)first * frame_bytes, (size_t)tail * frame_bytes);
  for (i = tail; i < frames; ++i) /* made anew whatever it is */
    memcpy(pixels + (size_t)i * frame_bytes, shown + (size_t)(frames - 1) * frame_bytes, frame_bytes);

  ltx_video_buffer_init(&clip);
  clip.width = video->width;
  clip.height = video->height;
  clip.frame_count = frames;
  clip.frame_rate = RATE;
  clip.data = pixels;
  clip.data_size = (size_t)frames * frame_bytes;
  ltx_audio_buffer_init(&sound);
  sound.channels = 2;
  sound.sample_rate = audio->sample_rate;
  sound.sample_count = audio->sample_count - (uint64_t)from;
  sound.channel_stride = audio->channel_stride ? audio->channel_stride : audio->sample_count;
  sound.data = audio->data + from;
  ltx_video_condition_init(&source);
  source.role = LTX_VIDEO_SOURCE;
  source.pixels = &clip;
  ltx_audio_condition_init(&heard);
  heard.samples = &sound;

  ltx_request_init(&request);
  request.prompt = prompt;
  request.seed = seed;
  request.videos = &source;
  request.video_count = 1;
  request.audio = &heard;
  request.start_time = (tail + 0.01) / RATE; /* just behind the tail: its latents stay, the next is new */
  request.end_time = frames / RATE;
  made = generate(retake, &request, video, audio);
  free(pixels);
  return made;
}

int main(int argc, char** argv) {
  ltx_model_paths models;
  ltx_pipeline_params params;
  ltx_request request;
  ltx_video_buffer video;
  ltx_audio_buffer audio;
  ltx_pipeline* pipeline = NULL;
  ltx_result *clip = NULL, *next;
  film out = {NULL, NULL, 0, 0, 0, NULL, 0};
  char name[1024];
  int32_t tail;
  int i;

  if (argc < 8) {
    fprintf(stderr, "usage: %s MODELS FILM WIDTH HEIGHT FRAMES TAIL PROMPT [PROMPT …]\n", argv[0]);
    return 2;
  }
  tail = atoi(argv[6]);
  if (tail < 9 || tail % 8 != 1 || tail >= atoi(argv[5])) {
    fprintf(stderr, "TAIL is %s: give 8 k + 1 frames, at least 9 and fewer than a clip has\n", argv[6]);
    return 2;
  }

  ltx_model_paths_init(&models);
  models.root = argv[1];
  ltx_pipeline_params_init(&params);
  params.models = &models;
  params.kind = LTX_PIPELINE_DISTILLED;
  params.prompt_cache_entries = 0; /* every prompt comes once */
  ltx_request_init(&request);
  request.prompt = argv[7];
  request.width = atoi(argv[3]);
  request.height = atoi(argv[4]);
  request.num_frames = atoi(argv[5]);
  request.frame_rate = RATE;
  ltx_video_buffer_init(&video);
  ltx_audio_buffer_init(&audio);
  if (ltx_pipeline_create(&params, &pipeline) != LTX_OK) return fail("cannot open the models");
  clip = generate(pipeline, &request, &video, &audio);
  ltx_free(pipeline);
  if (clip == NULL) return 1;

  snprintf(name, sizeof name, "%s.rgb", argv[2]);
  out.rgb = fopen(name, "wb");
  snprintf(name, sizeof name, "%s.wav", argv[2]);
  out.wav = fopen(name, "wb");
  if (out.rgb == NULL || out.wav == NULL) {
    fprintf(stderr, "cannot write %s\n", name);
    return 1;
  }
  if (append(&out, &video, &audio, 0) != 0) return 1;

  params.kind = LTX_PIPELINE_RETAKE;
  if (argc > 8 && ltx_pipeline_create(&params, &pipeline) != LTX_OK) return fail("cannot open the models");
  for (i = 8; i < argc; ++i) {
    next = continue_clip(pipeline, argv[i], request.seed + (uint64_t)(i - 7), tail, &video, &audio);
    ltx_free(clip); /* what it gave was copied */
    clip = next;
    if (clip == NULL) return 1;
    if (append(&out, &video, &audio, tail) != 0) return 1;
  }
  ltx_free(clip);
  if (argc > 8) ltx_free(pipeline);
  finish(&out);
  printf("film: %ld frames, %ld samples at %d Hz\n", out.frames, out.samples, (int)out.sample_rate);
  printf("ffmpeg -f rawvideo -pix_fmt rgb24 -video_size %sx%s -framerate %g -i %s.rgb -i %s.wav %s.mp4\n",
         argv[3], argv[4], RATE, argv[2], argv[2], argv[2]);
  return fclose(out.rgb) == 0 && fclose(out.wav) == 0 ? 0 : 1;
}
