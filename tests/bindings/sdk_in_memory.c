/* A host without FFmpeg: frames in memory work, a file is refused with a sentence that says what to install.
 * usage: sdk_in_memory MODELS */
#include <stdio.h>
#include <string.h>

#include "ltx_c.h"

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, ltx_last_error());
  return 1;
}

int main(int argc, char** argv) {
  ltx_model_paths models;
  ltx_pipeline_params params;
  ltx_output file;
  ltx_request request;
  ltx_video_buffer video;
  ltx_audio_buffer audio;
  ltx_pipeline* pipeline = NULL;
  ltx_result* result = NULL;
  ltx_status status;

  if (argc != 2) return 2;
  ltx_model_paths_init(&models);
  models.root = argv[1];
  ltx_pipeline_params_init(&params);
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  if (ltx_pipeline_create(&params, &pipeline) != LTX_OK) return fail("create");
  ltx_request_init(&request);
  request.prompt = "rain on a pasture";
  request.width = 64;
  request.height = 64;
  request.num_frames = 9;
  if (ltx_generate(pipeline, &request, NULL, NULL, &result) != LTX_OK) return fail("generate in memory");
  ltx_video_buffer_init(&video);
  ltx_audio_buffer_init(&audio);
  if (ltx_result_video(result, &video) != LTX_OK || ltx_result_audio(result, &audio) != LTX_OK)
    return fail("view");
  if (video.frame_count != 9 || video.width != 64 || !video.data || audio.sample_count == 0)
    return fail("frames");

  ltx_output_init(&file);
  file.path = "clip.mp4";
  request.output = &file;
  status = ltx_generate(pipeline, &request, NULL, NULL, NULL);
  printf("%s: %s\n", ltx_status_name(status), ltx_last_error());
  if (status != LTX_E_NOT_BUILT || !strstr(ltx_last_error(), "libavcodec59"))
    return fail("generate into a file");
  status = ltx_result_save(result, &file, NULL, NULL);
  printf("%s: %s\n", ltx_status_name(status), ltx_last_error());
  if (status != LTX_E_NOT_BUILT || !strstr(ltx_last_error(), "libavcodec59")) return fail("save into a file");
  if (ltx_supports(LTX_CAPABILITY_MEDIA_WRITE, 0, LTX_DEVICE_CPU, 0) != LTX_E_NOT_BUILT)
    return fail("supports");
  ltx_free(result);
  ltx_free(pipeline);
  return 0;
}
