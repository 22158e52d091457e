#include "generation.h"

#include <string.h>

static void fail(generation* self, const char* message) {
  self->error = message;
  self->finished = 1;
}

void generation_start(generation* self, const char* models, const char* prompt, int32_t width, int32_t height,
                      int32_t num_frames) {
  ltx_model_paths paths;
  ltx_pipeline_params params;
  ltx_request request;

  memset(self, 0, sizeof *self);
  self->phase = "start";
  ltx_video_buffer_init(&self->video);
  ltx_model_paths_init(&paths);
  paths.root = models;
  ltx_pipeline_params_init(&params);
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &paths;
  ltx_request_init(&request); /* without an output, the frames are kept in memory as RGB8 */
  request.prompt = prompt;
  request.width = width;
  request.height = height;
  request.num_frames = num_frames;
  if (ltx_pipeline_create(&params, &self->pipeline) != LTX_OK ||
      ltx_generate_start(self->pipeline, &request, &self->job) != LTX_OK)
    fail(self, ltx_last_error());
}

static void finish(generation* self) {
  self->finished = 1;
  if (ltx_job_status(self->job) != LTX_OK)
    fail(self, ltx_job_error(self->job));
  else if (ltx_job_result(self->job, &self->result) != LTX_OK ||
           ltx_result_video(self->result, &self->video) != LTX_OK)
    fail(self, ltx_last_error());
}

void generation_tick(generation* self) {
  ltx_event event;
  ltx_status status;

  if (self->finished) return;
  ltx_event_init(&event);
  status = ltx_job_next_event(self->job, 0, &event); /* 0: never waits */
  if (status == LTX_E_TIMEOUT) return;
  if (status != LTX_OK) {
    fail(self, ltx_last_error());
  } else if (event.type == LTX_EVENT_PROGRESS) {
    self->fraction = event.progress->fraction;
    self->phase = ltx_enum_name(LTX_ENUM_PHASE, event.progress->phase);
  } else if (event.type == LTX_EVENT_FINISHED) {
    finish(self);
  }
}

void generation_free(generation* self) {
  ltx_free(self->result);
  ltx_free(self->job);
  ltx_free(self->pipeline);
  memset(self, 0, sizeof *self);
}
