/* A client whose header is newer than the library: every init is refused and leaves the object alone, and so
 * is a call with structs that were filled by hand. */
#include <stdio.h>
#include <string.h>

#include "ltx_c.h"

static unsigned char object[1024];

static int untouched(void) {
  size_t i;
  for (i = 0; i < sizeof object; ++i)
    if (object[i] != 0xA5) return 0;
  return 1;
}

/* Returns 0 if the init is refused as it should be; the message names the struct. */
static int refused(ltx_status status, const char* name) {
  if (status != LTX_E_TOO_NEW || strstr(ltx_last_error(), name) == NULL || !untouched()) {
    fprintf(stderr, "%s: status %d, '%s'\n", name, (int)status, ltx_last_error());
    return 1;
  }
  return 0;
}

#define REFUSED(type) (sizeof(type) > sizeof object || refused(type##_init((type*)(void*)object), #type))

int main(void) {
  int failures = 0;
  ltx_pipeline_params params;
  ltx_model_paths models;
  ltx_pipeline* pipeline = NULL;

  memset(object, 0xA5, sizeof object);
  failures += REFUSED(ltx_model_paths);
  failures += REFUSED(ltx_lora);
  failures += REFUSED(ltx_quant_rule);
  failures += REFUSED(ltx_quant_options);
  failures += REFUSED(ltx_component_residency);
  failures += REFUSED(ltx_pipeline_params);
  failures += REFUSED(ltx_guidance);
  failures += REFUSED(ltx_tiling);
  failures += REFUSED(ltx_video_buffer);
  failures += REFUSED(ltx_audio_buffer);
  failures += REFUSED(ltx_image_condition);
  failures += REFUSED(ltx_video_condition);
  failures += REFUSED(ltx_audio_condition);
  failures += REFUSED(ltx_output);
  failures += REFUSED(ltx_request);
  failures += REFUSED(ltx_progress);
  failures += REFUSED(ltx_event);
  failures += REFUSED(ltx_stats);
  failures += REFUSED(ltx_memory_step);
  failures += REFUSED(ltx_estimate);
  failures += REFUSED(ltx_device_info);
  failures += REFUSED(ltx_component_state);
  failures += REFUSED(ltx_convert_params);

  memset(&params, 0, sizeof params);
  memset(&models, 0, sizeof models);
  params.struct_size = sizeof params;
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  models.struct_size = sizeof models;
  models.checkpoint = "toy.safetensors";
  if (ltx_pipeline_create(&params, &pipeline) != LTX_E_TOO_NEW || pipeline != NULL) {
    fprintf(stderr, "structs filled by hand: '%s'\n", ltx_last_error());
    ++failures;
  }
  return failures;
}
