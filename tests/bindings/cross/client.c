/* The C side of the comparison between languages: one request, as a job, kept and written to a file. Compiled
 * with this version's header and with the frozen ones.
 *
 * usage: client LANGUAGE MODELS FOLDER; writes FOLDER/LANGUAGE.mp4 and FOLDER/LANGUAGE.rgb, prints the digest
 * of the latents
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ltx_c.h"

static void check(ltx_status status) {
  if (status == LTX_OK) return;
  fprintf(stderr, "%s: %s\n", ltx_status_name(status), ltx_last_error());
  exit(1);
}

static void path_of(char* out, size_t size, char** argv, const char* suffix) {
  if (snprintf(out, size, "%s/%s.%s", argv[3], argv[1], suffix) >= (int)size) exit(2);
}

static void write_frames(const ltx_video_buffer* video, const char* path) {
  FILE* file = fopen(path, "wb");
  if (file == NULL || fwrite(video->data, 1, (size_t)video->data_size, file) != video->data_size ||
      fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

int main(int argc, char** argv) {
  char film[1024], frames[1024];
  /* Bytes that are not zero lie behind every struct: a library that reads past the size of an older client
   * shows it. */
  struct {
    ltx_model_paths models;
    unsigned char after_models[64];
    ltx_pipeline_params params;
    unsigned char after_params[64];
    ltx_request request;
    unsigned char after_request[64];
    ltx_output output;
    unsigned char after_output[64];
    ltx_stats stats;
    unsigned char after_stats[64];
  } own;
  ltx_video_buffer video;
  ltx_pipeline* pipeline = NULL;
  ltx_job* job = NULL;
  ltx_result* result = NULL;
  int i;

  if (argc != 4) return 2;
  path_of(film, sizeof film, argv, "mp4");
  path_of(frames, sizeof frames, argv, "rgb");
  memset(&own, 0xA5, sizeof own);
  check(ltx_model_paths_init(&own.models));
  own.models.root = argv[2];
  check(ltx_pipeline_params_init(&own.params));
  own.params.kind = LTX_PIPELINE_DISTILLED;
  own.params.models = &own.models;
  check(ltx_output_init(&own.output));
  own.output.keep_frames = 1;
  own.output.path = film;
  check(ltx_request_init(&own.request));
  own.request.prompt = "rain on a pasture";
  own.request.width = own.request.height = 64;
  own.request.num_frames = 9;
  own.request.output = &own.output;
  check(ltx_pipeline_create(&own.params, &pipeline));
  check(ltx_generate_start(pipeline, &own.request, &job));
  check(ltx_job_wait(job, -1));
  check(ltx_job_result(job, &result));
  check(ltx_video_buffer_init(&video));
  check(ltx_result_video(result, &video));
  check(ltx_stats_init(&own.stats));
  check(ltx_result_stats(result, &own.stats));
  write_frames(&video, frames);
  for (i = 0; i < 64; ++i)
    if (own.after_models[i] != 0xA5 || own.after_params[i] != 0xA5 || own.after_request[i] != 0xA5 ||
        own.after_output[i] != 0xA5 || own.after_stats[i] != 0xA5) {
      fprintf(stderr, "the library wrote behind a struct\n");
      return 1;
    }
  printf("latents ");
  for (i = 0; i < 32; ++i) printf("%02x", own.stats.latent_sha256[i]);
  printf("\n");
  ltx_free(result);
  ltx_free(job);
  ltx_free(pipeline);
  return 0;
}
