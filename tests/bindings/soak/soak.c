/* Nothing grows: pipelines made and freed, clips generated in every way, eight threads at a time.
 *
 * usage: soak MODELS; LTX_SOAK_CYCLES (1000) and LTX_SOAK_CLIPS (20) in the environment say how long
 *
 * Each part runs in nine slices. What the process holds after the slices of the last third is compared with
 * what it held after those of the middle one, by their medians: one-time costs lie in the first third, and
 * single values flutter.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "footprint.h"
#include "ltx_c.h"

enum { kThreads = 8, kHandles = 64, kSlices = 9 };

static const char* models_folder;
static unsigned char digest[32]; /* of the first clip; all others must equal it */
static pthread_mutex_t digest_mutex = PTHREAD_MUTEX_INITIALIZER;
static int digest_known;

static void check(ltx_status status, ltx_status expected, const char* what) {
  if (status == expected) return;
  fprintf(stderr, "%s: %s instead of %s: %s\n", what, ltx_status_name(status), ltx_status_name(expected),
          ltx_last_error());
  exit(1);
}

/* A handle is a token, and bits 8 to 31 are its place in the table, where freed places are taken first. A
 * place beyond the few that live at a time means that handles were not released. */
static void* counted(void* handle) {
  const unsigned place = (unsigned)((uintptr_t)handle >> 8 & 0xffffff);
  if (place >= kHandles) {
    fprintf(stderr, "a handle has place %u: more than %d are alive\n", place, kHandles);
    exit(1);
  }
  return handle;
}

static ltx_pipeline* create(void) {
  ltx_model_paths models;
  ltx_pipeline_params params;
  ltx_pipeline* pipeline = NULL;
  ltx_model_paths_init(&models);
  models.root = models_folder;
  ltx_pipeline_params_init(&params);
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  check(ltx_pipeline_create(&params, &pipeline), LTX_OK, "create");
  return counted(pipeline);
}

/* The smallest clip: one frame of 64 x 64, one step in each stage. */
static void smallest(ltx_request* request) {
  static const float stage_1[2] = {1.0f, 0.0f}, stage_2[2] = {0.9f, 0.0f};
  ltx_request_init(request);
  request->prompt = "rain on a pasture";
  request->width = request->height = 64;
  request->num_frames = 1;
  request->stage_1_sigmas = stage_1;
  request->stage_1_sigma_count = 2;
  request->stage_2_sigmas = stage_2;
  request->stage_2_sigma_count = 2;
}

static void compare(ltx_result* result) {
  ltx_stats stats;
  int same;
  ltx_stats_init(&stats);
  check(ltx_result_stats(result, &stats), LTX_OK, "stats");
  pthread_mutex_lock(&digest_mutex);
  if (!digest_known) memcpy(digest, stats.latent_sha256, sizeof digest);
  digest_known = 1;
  same = memcmp(digest, stats.latent_sha256, sizeof digest) == 0;
  pthread_mutex_unlock(&digest_mutex);
  if (same) return;
  fprintf(stderr, "the same request gave other latents\n");
  exit(1);
}

static int32_t cancel_at_once(const ltx_event* event, void* user_data) {
  (void)user_data;
  return event->type == LTX_EVENT_PROGRESS;
}

/* In turns: blocking, as a job that is polled, cancelled from its handler, abandoned while it runs. */
static void generate(ltx_pipeline* pipeline, int turn) {
  ltx_request request;
  ltx_event event;
  ltx_job* job = NULL;
  ltx_result* result = NULL;
  smallest(&request);
  if (turn % 8 == 6) {
    check(ltx_generate(pipeline, &request, cancel_at_once, NULL, &result), LTX_E_CANCELLED, "cancel");
    return;
  }
  if (turn % 2 == 0) {
    check(ltx_generate(pipeline, &request, NULL, NULL, &result), LTX_OK, "generate");
  } else {
    check(ltx_generate_start(pipeline, &request, &job), LTX_OK, "start");
    counted(job);
    if (turn % 8 == 7) { /* freed while it runs; the pipeline is busy until the job has seen it */
      ltx_free(job);
      while (ltx_generate_start(pipeline, &request, &job) == LTX_E_BUSY) usleep(1000);
      counted(job);
    }
    ltx_event_init(&event);
    do {
      check(ltx_job_next_event(job, -1, &event), LTX_OK, "event");
    } while (event.type != LTX_EVENT_FINISHED);
    check(ltx_job_result(job, &result), LTX_OK, "result");
    ltx_free(job);
  }
  compare(counted(result));
  ltx_free(result);
}

static void cycles(int first, int count) {
  (void)first;
  while (count-- > 0) {
    ltx_pipeline* pipeline = create();
    ltx_info* info = NULL;
    check(ltx_pipeline_info(pipeline, &info), LTX_OK, "info");
    counted(info);
    if (count % 2) ltx_free(pipeline); /* in any order */
    ltx_free(info);
    if (count % 2 == 0) ltx_free(pipeline);
  }
}

static void generations(int first, int count) {
  ltx_pipeline* pipeline = create();
  for (int turn = first; turn < first + count; ++turn) generate(pipeline, turn);
  ltx_free(pipeline);
}

static void* one_thread(void* turns) {
  generations(((const int*)turns)[0], ((const int*)turns)[1]);
  return NULL;
}

/* Each thread takes its turns in another order, so that every slice has all of them. */
static void threads(int first, int count) {
  int turns[kThreads][2];
  pthread_t all[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    turns[i][0] = first + i;
    turns[i][1] = count;
    if (pthread_create(&all[i], NULL, one_thread, turns[i]) != 0) exit(1);
  }
  for (int i = 0; i < kThreads; ++i) pthread_join(all[i], NULL);
}

/* The library's threads end soon after their jobs, and what they hold goes with them: waits until a tenth of
 * a second has brought nothing less. */
static footprint settled(void) {
  footprint now = footprint_now();
  for (int i = 0, calm = 0; i < 200 && calm < 5; ++i) {
    footprint next;
    usleep(20000);
    next = footprint_now();
    calm = next.threads < now.threads || next.heap < now.heap ? 0 : calm + 1;
    now = next;
  }
  return now;
}

static int part(const char* what, void (*run)(int, int), int count) {
  footprint after[kSlices];
  footprint middle, last;
  char title[128];
  const int slice = count > kSlices ? (count + kSlices - 1) / kSlices : 1;
  for (int i = 0; i < kSlices; ++i) {
    run(i * slice, slice);
    after[i] = settled();
  }
  middle = footprint_median(after + kSlices / 3);
  last = footprint_median(after + 2 * kSlices / 3);
  snprintf(title, sizeof title, "%d %s", kSlices * slice, what);
  return footprint_grew(title, &middle, &last);
}

static int setting(const char* name, int otherwise) {
  const char* text = getenv(name);
  return text && atoi(text) > 0 ? atoi(text) : otherwise;
}

int main(int argc, char** argv) {
  const int clips = setting("LTX_SOAK_CLIPS", 20);
  int grew = 0;
  if (argc != 2) {
    fprintf(stderr, "usage: %s MODELS\n", argv[0]);
    return 2;
  }
  models_folder = argv[1];
  grew |= part("pipelines created and freed", cycles, setting("LTX_SOAK_CYCLES", 1000));
  grew |= part("generations", generations, clips);
  grew |= part("generations in each of 8 threads", threads, clips / kThreads);
  return grew;
}
