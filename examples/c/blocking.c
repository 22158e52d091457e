/* A clip from a prompt in one call, guided in one stage, with the frames in memory afterwards.
 *
 *   blocking MODELS OUTPUT.mp4 "a prompt" [WIDTH HEIGHT FRAMES STEPS]
 */
#include <stdio.h>
#include <stdlib.h>

#include "ltx_c.h"

static int32_t on_event(const ltx_event* event, void* user_data) {
  (void)user_data;
  if (event->type == LTX_EVENT_PROGRESS && event->progress->step > 0)
    printf("step %d of %d\n", (int)event->progress->step, (int)event->progress->step_count);
  return 0; /* anything else cancels */
}

int main(int argc, char** argv) {
  ltx_model_paths models;
  ltx_pipeline_params params;
  ltx_guidance guidance;
  ltx_request request;
  ltx_output file;
  ltx_video_buffer video;
  ltx_pipeline* pipeline = NULL;
  ltx_result* result = NULL;
  int ok;

  if (argc != 4 && argc != 8) {
    fprintf(stderr, "usage: %s MODELS OUTPUT.mp4 PROMPT [WIDTH HEIGHT FRAMES STEPS]\n", argv[0]);
    return 2;
  }

  ltx_model_paths_init(&models);
  models.root = argv[1];
  ltx_pipeline_params_init(&params);
  params.kind = LTX_PIPELINE_ONE_STAGE;
  params.models = &models;

  ltx_guidance_init(&guidance);
  guidance.cfg_scale = 4.0f; /* everything else stays the model's default */
  ltx_request_init(&request);
  request.prompt = argv[3];
  request.video_guidance = &guidance;
  if (argc == 8) {
    request.width = atoi(argv[4]);
    request.height = atoi(argv[5]);
    request.num_frames = atoi(argv[6]);
    request.num_inference_steps = atoi(argv[7]);
  }

  ltx_video_buffer_init(&video);
  ltx_output_init(&file);
  file.path = argv[2];
  ok = ltx_pipeline_create(&params, &pipeline) == LTX_OK &&
       ltx_generate(pipeline, &request, on_event, NULL, &result) == LTX_OK &&
       ltx_result_video(result, &video) == LTX_OK && ltx_result_save(result, &file, NULL, NULL) == LTX_OK;
  if (ok)
    printf("wrote %s: %d frames of %dx%d\n", file.path, (int)video.frame_count, (int)video.width,
           (int)video.height);
  else
    fprintf(stderr, "%s\n", ltx_last_error());
  ltx_free(result);
  ltx_free(pipeline);
  return ok ? 0 : 1;
}
