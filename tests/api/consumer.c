/* A client in plain C89: creates, resolves, generates, polls, cancels, frees. Prints nothing unless something
 * is wrong, so that the test also sees whether the library prints. The bytes behind every struct must
 * survive.
 *
 * usage: consumer
 */
#include <stdio.h>
#include <string.h>

#include "ltx_c.h"

#define CANARY 0xA5
#define GUARDED(type)         \
  struct {                    \
    type object;              \
    unsigned char canary[16]; \
  }
#define ARM(guarded) memset(&(guarded), CANARY, sizeof(guarded))

static int failures = 0;

static void expect(int condition, const char* what) {
  if (condition) return;
  ++failures;
  fprintf(stderr, "failed: %s (%s)\n", what, ltx_last_error());
}

static void alive(const unsigned char* canary, const char* what) {
  int i;
  for (i = 0; i < 16; ++i)
    if (canary[i] != CANARY) {
      expect(0, what);
      return;
    }
}

static int32_t count_events(const ltx_event* event, void* user_data) {
  *(int*)user_data += event->type == LTX_EVENT_FINISHED ? 1000 : 1;
  return 0;
}

int main(void) {
  GUARDED(ltx_model_paths) models;
  GUARDED(ltx_pipeline_params) params;
  GUARDED(ltx_request) request;
  GUARDED(ltx_request) resolved;
  GUARDED(ltx_event) event;
  GUARDED(ltx_stats) stats;
  GUARDED(ltx_video_buffer) video;
  GUARDED(ltx_device_info) device;
  GUARDED(ltx_progress) progress;
  ltx_image_condition images[2];
  unsigned char pixels[3 * 32 * 32];
  ltx_video_buffer picture;
  ltx_pipeline* pipeline = NULL;
  ltx_job* job = NULL;
  ltx_result* result = NULL;
  ltx_status status;
  int events = 0;

  ARM(models);
  ARM(params);
  ARM(request);
  ARM(resolved);
  ARM(event);
  ARM(stats);
  ARM(video);
  ARM(device);
  ARM(progress);
  memset(pixels, 128, sizeof pixels);

  expect(ltx_model_paths_init(&models.object) == LTX_OK, "init models");
  expect(ltx_pipeline_params_init(&params.object) == LTX_OK, "init params");
  expect(ltx_request_init(&request.object) == LTX_OK, "init request");
  expect(ltx_request_init(&resolved.object) == LTX_OK, "init resolved");
  expect(ltx_event_init(&event.object) == LTX_OK, "init event");
  expect(ltx_stats_init(&stats.object) == LTX_OK, "init stats");
  expect(ltx_video_buffer_init(&video.object) == LTX_OK, "init video");
  expect(ltx_device_info_init(&device.object) == LTX_OK, "init device");
  expect(ltx_progress_init(&progress.object) == LTX_OK, "init progress");
  expect(ltx_video_buffer_init(&picture) == LTX_OK, "init picture");
  expect(ltx_image_condition_init(&images[0]) == LTX_OK, "init image");
  expect(ltx_image_condition_init(&images[1]) == LTX_OK, "init image");

  expect(ltx_device_get(0, &device.object) == LTX_OK, "device");
  models.object.checkpoint = "toy.safetensors";
  params.object.kind = LTX_PIPELINE_DISTILLED;
  params.object.models = &models.object;
  expect(ltx_pipeline_create(&params.object, &pipeline) == LTX_OK, "create");

  picture.width = picture.height = 32;
  picture.data = pixels;
  picture.data_size = sizeof pixels;
  images[0].pixels = images[1].pixels = &picture;
  images[1].frame_index = 8;
  request.object.prompt = "delay=1";
  request.object.images = images;
  request.object.image_count = 2;
  expect(ltx_pipeline_resolve(pipeline, &request.object, &resolved.object) == LTX_OK, "resolve");
  expect(resolved.object.width == 64 && resolved.object.image_count == 2, "resolved fields");
  expect(resolved.object.images[1].frame_index == 8 && resolved.object.images[1].crf == 33,
         "stride of resolved images");

  expect(ltx_generate(pipeline, &request.object, count_events, &events, &result) == LTX_OK, "generate");
  expect(events > 1000, "events");
  expect(ltx_result_stats(result, &stats.object) == LTX_OK, "stats");
  expect(ltx_result_video(result, &video.object) == LTX_OK, "video");
  expect(video.object.data != NULL && video.object.width == 64, "view");
  ltx_free(result);

  request.object.prompt = "delay=5 steps=500";
  expect(ltx_generate_start(pipeline, &request.object, &job) == LTX_OK, "start");
  do {
    status = ltx_job_next_event(job, 1000, &event.object);
  } while (status == LTX_OK && event.object.type != LTX_EVENT_PROGRESS);
  expect(status == LTX_OK && event.object.progress != NULL, "poll");
  expect(ltx_job_progress(job, &progress.object) == LTX_OK, "progress");
  expect(ltx_job_cancel(job) == LTX_OK, "cancel");
  expect(ltx_job_wait(job, 10000) == LTX_E_CANCELLED, "wait");
  ltx_free(job);
  ltx_free(job);

  expect(ltx_generate_start(pipeline, &request.object, &job) == LTX_OK, "start again");
  ltx_free(pipeline);
  /* The program ends while a job runs. */

  alive(models.canary, "canary of models");
  alive(params.canary, "canary of params");
  alive(request.canary, "canary of request");
  alive(resolved.canary, "canary of resolved");
  alive(event.canary, "canary of event");
  alive(stats.canary, "canary of stats");
  alive(video.canary, "canary of video");
  alive(device.canary, "canary of device");
  alive(progress.canary, "canary of progress");
  return failures == 0 ? 0 : 1;
}
