/* A clip from a prompt, the asynchronous way: the job runs on the library's thread, this program asks for its
 * events.
 *
 *   generate MODELS OUTPUT.mp4 "a prompt" [WIDTH HEIGHT FRAMES]
 *
 * MODELS is a folder with a checkpoint, a text encoder and a spatial upsampler.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ltx_c.h"

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, ltx_last_error());
  return 1;
}

int main(int argc, char** argv) {
  ltx_model_paths models;
  ltx_pipeline_params params;
  ltx_output output;
  ltx_request request;
  ltx_event event;
  ltx_pipeline* pipeline = NULL;
  ltx_job* job = NULL;
  ltx_status status;

  if (argc != 4 && argc != 7) {
    fprintf(stderr, "usage: %s MODELS OUTPUT.mp4 PROMPT [WIDTH HEIGHT FRAMES]\n", argv[0]);
    return 2;
  }

  ltx_model_paths_init(&models);
  models.root = argv[1];
  ltx_pipeline_params_init(&params);
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  if (ltx_pipeline_create(&params, &pipeline) != LTX_OK) return fail("cannot open the models");

  ltx_output_init(&output);
  output.path = argv[2];
  ltx_request_init(&request);
  request.prompt = argv[3];
  request.output = &output;
  if (argc == 7) {
    request.width = atoi(argv[4]);
    request.height = atoi(argv[5]);
    request.num_frames = atoi(argv[6]);
  }
  if (ltx_generate_start(pipeline, &request, &job) != LTX_OK) {
    ltx_free(pipeline);
    return fail("cannot start");
  }

  ltx_event_init(&event);
  do {
    status = ltx_job_next_event(job, 200, &event); /* a game would pass 0 and ask once per tick */
    if (status == LTX_E_TIMEOUT) continue;
    if (status != LTX_OK) break;
    if (event.type == LTX_EVENT_PROGRESS)
      printf("%5.1f %%  %s\n", 100 * event.progress->fraction,
             ltx_enum_name(LTX_ENUM_PHASE, event.progress->phase));
    else if (event.type == LTX_EVENT_LOG)
      printf("%s\n", event.message);
  } while (event.type != LTX_EVENT_FINISHED);

  status = ltx_job_status(job);
  if (status != LTX_OK)
    fprintf(stderr, "%s: %s\n", ltx_status_name(status), ltx_job_error(job));
  else
    printf("wrote %s\n", argv[2]);
  ltx_free(job);
  ltx_free(pipeline);
  return status == LTX_OK ? 0 : 1;
}
