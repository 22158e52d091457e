/* A clip in the making, as a main loop sees it: started once, asked once per tick, never waited for. */
#ifndef GENERATION_H
#define GENERATION_H

#include <stdint.h>

#include "ltx_c.h"

typedef struct generation {
  ltx_pipeline* pipeline;
  ltx_job* job;
  ltx_result* result;     /* when finished without an error */
  ltx_video_buffer video; /* the frames, owned by the result */
  double fraction;        /* 0 to 1 */
  const char* phase;      /* "denoise" */
  int finished;
  const char* error; /* what the library says, owned by it; NULL: none */
} generation;

/* Opens the models and starts. Unset sizes are LTX_DEFAULT. On failure `error` says why. */
void generation_start(generation* self, const char* models, const char* prompt, int32_t width, int32_t height,
                      int32_t num_frames);

/* Takes at most one event and returns at once. */
void generation_tick(generation* self);

/* Ends it in any state; a job that runs is cancelled and not waited for. */
void generation_free(generation* self);

#endif
