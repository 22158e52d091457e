/* What a binding has to be compared with: generations of the toy recipe by plain C. binding_calls COUNT
 * prints the median of seconds per call: validate, start, read all events, take the result and the address of
 * its frames, free. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ltx_c.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static int generate(ltx_pipeline* pipeline, uint64_t seed) {
  ltx_request request;
  ltx_event event;
  ltx_video_buffer video;
  ltx_job* job = NULL;
  ltx_result* result = NULL;
  ltx_request_init(&request);
  request.prompt = "logs=0 steps=1 chunks=1";
  request.seed = seed;
  if (ltx_generate_start(pipeline, &request, &job) != LTX_OK) return 1;
  ltx_event_init(&event);
  do
    if (ltx_job_next_event(job, 100, &event) != LTX_OK) event.type = 0;
  while (event.type != LTX_EVENT_FINISHED);
  ltx_video_buffer_init(&video);
  if (ltx_job_result(job, &result) != LTX_OK || ltx_result_video(result, &video) != LTX_OK || !video.data)
    return 1;
  ltx_free(result);
  ltx_free(job);
  return 0;
}

int main(int argc, char** argv) {
  const int count = argc == 2 ? atoi(argv[1]) : 0;
  ltx_model_paths models;
  ltx_pipeline_params params;
  ltx_pipeline* pipeline = NULL;
  double* seconds = malloc(sizeof(double) * (size_t)(count > 0 ? count : 1));
  int i;
  ltx_model_paths_init(&models);
  models.root = "toy";
  ltx_pipeline_params_init(&params);
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  if (count < 1 || !seconds || ltx_pipeline_create(&params, &pipeline) != LTX_OK) return 2;
  for (i = 0; i < count; ++i) {
    const double start = now();
    if (generate(pipeline, (uint64_t)i)) {
      fprintf(stderr, "%s\n", ltx_last_error());
      return 1;
    }
    seconds[i] = now() - start;
  }
  qsort(seconds, (size_t)count, sizeof(double), by_value);
  printf("%.9f\n", seconds[count / 2]);
  ltx_free(pipeline);
  free(seconds);
  return 0;
}
