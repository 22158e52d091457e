/* A small game loop with libltx in it: the world is drawn 60 times a second while a clip is made on the
 * library's thread; then the clip plays as a texture. Space starts the clip over, closing the window ends
 * everything, also in the middle of a generation.
 *
 *   engine MODELS PROMPT [--size WIDTH HEIGHT FRAMES] [--screenshot FILE.png]
 *
 * MODELS is a folder with a checkpoint, a text encoder and a spatial upsampler. With --screenshot the program
 * ends by itself: it writes one picture of its window while the clip plays and says what it shows.
 */
#include <SDL.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"
#include "screenshot.h"

enum { kTicksPerSecond = 60, kWidth = 640, kHeight = 480, kMargin = 16, kScreenshotFrame = 3 };

typedef struct options {
  const char* models;
  const char* prompt;
  const char* screenshot;
  int32_t width, height, num_frames;
} options;

typedef struct meter {
  unsigned long ticks;
  double asking; /* seconds spent in generation_tick() */
  double begin, end;
} meter;

static double now(void) {
  return (double)SDL_GetPerformanceCounter() / (double)SDL_GetPerformanceFrequency();
}

static int parse(int argc, char** argv, options* out) {
  int i;
  memset(out, 0, sizeof *out);
  out->width = out->height = out->num_frames = LTX_DEFAULT;
  if (argc < 3) return -1;
  out->models = argv[1];
  out->prompt = argv[2];
  for (i = 3; i < argc; ++i) {
    if (strcmp(argv[i], "--size") == 0 && i + 3 < argc) {
      out->width = atoi(argv[++i]);
      out->height = atoi(argv[++i]);
      out->num_frames = atoi(argv[++i]);
    } else if (strcmp(argv[i], "--screenshot") == 0 && i + 1 < argc) {
      out->screenshot = argv[++i];
    } else {
      return -1;
    }
  }
  return 0;
}

/* The world: a square on its way around. It stutters when a tick is late, so the eye sees whether anything
 * waits. */
static void draw_world(SDL_Renderer* renderer, double seconds) {
  SDL_Rect square = {0, 0, 24, 24};
  square.x = kWidth / 2 - 12 + (int)((kWidth / 2 - kMargin - 12) * cos(seconds));
  square.y = kHeight / 2 - 12 + (int)((kHeight / 2 - kMargin - 12) * sin(seconds));
  SDL_SetRenderDrawColor(renderer, 24, 26, 32, 255);
  SDL_RenderClear(renderer);
  SDL_SetRenderDrawColor(renderer, 240, 180, 60, 255);
  SDL_RenderFillRect(renderer, &square);
}

static void draw_progress(SDL_Renderer* renderer, SDL_Window* window, const generation* clip) {
  SDL_Rect frame = {kMargin, kHeight - 2 * kMargin, kWidth - 2 * kMargin, kMargin}, bar = frame;
  char title[96];
  bar.w = (int)(frame.w * clip->fraction);
  SDL_SetRenderDrawColor(renderer, 70, 75, 90, 255);
  SDL_RenderFillRect(renderer, &frame);
  SDL_SetRenderDrawColor(renderer, 90, 200, 120, 255);
  SDL_RenderFillRect(renderer, &bar);
  snprintf(title, sizeof title, "%s, %.0f %%", clip->phase, 100 * clip->fraction);
  SDL_SetWindowTitle(window, title);
}

/* The middle of the window at a whole multiple of the clip's size, so that pixels stay pixels; smaller only
 * if it must be. */
static SDL_Rect place(const ltx_video_buffer* video) {
  SDL_Rect where = {0, 0, video->width, video->height};
  const int across = kWidth / video->width, down = kHeight / video->height;
  const int times = across < down ? across : down;
  if (times >= 1) {
    where.w *= times;
    where.h *= times;
  } else {
    const double x = (double)kWidth / video->width, y = (double)kHeight / video->height;
    where.w = (int)(video->width * (x < y ? x : y));
    where.h = (int)(video->height * (x < y ? x : y));
  }
  where.x = (kWidth - where.w) / 2;
  where.y = (kHeight - where.h) / 2;
  return where;
}

/* The frame goes from the library's memory to the texture, without a copy in between. */
static int show_frame(SDL_Renderer* renderer, SDL_Texture* texture, const ltx_video_buffer* video,
                      int frame) {
  const uint64_t row = video->row_stride ? video->row_stride : (uint64_t)video->width * 3;
  const uint64_t size = video->frame_stride ? video->frame_stride : row * (uint64_t)video->height;
  const SDL_Rect where = place(video);
  if (SDL_UpdateTexture(texture, NULL, (const unsigned char*)video->data + (uint64_t)frame * size,
                        (int)row) != 0)
    return -1;
  return SDL_RenderCopy(renderer, texture, NULL, &where);
}

/* Sleeps until the next tick is due. One that comes late is not made up for. */
static void pace(double* due) {
  const double rest = (*due += 1.0 / kTicksPerSecond) - now();
  if (rest > 0)
    SDL_Delay((Uint32)(1000 * rest + 0.5));
  else
    *due = now();
}

/* 1: the program is to end; 2: the clip is to start over. */
static int input(void) {
  SDL_Event event;
  int wish = 0;
  while (SDL_PollEvent(&event)) {
    if (event.type == SDL_QUIT) return 1;
    if (event.type == SDL_KEYDOWN && event.key.keysym.sym == SDLK_SPACE) wish = 2;
  }
  return wish;
}

static void report(const generation* clip, const meter* m) {
  const double seconds = m->end - m->begin;
  printf(
      "%d frames of %dx%d in %.3f s: %lu ticks, %.1f per second, the library asked once in each, for %.4f s "
      "in "
      "all\n",
      (int)clip->video.frame_count, (int)clip->video.width, (int)clip->video.height, seconds, m->ticks,
      (double)m->ticks / seconds, m->asking);
}

static int take_screenshot(SDL_Renderer* renderer, const char* path, const ltx_video_buffer* video,
                           int frame) {
  const SDL_Rect where = place(video);
  if (screenshot_write(renderer, path) != 0) return -1;
  printf("%s: frame %d at %d,%d, size %d,%d\n", path, frame, where.x, where.y, where.w, where.h);
  return 0;
}

/* Returns 0 at the user's wish or after the screenshot, -1 with a text in SDL_GetError(). */
static int run(SDL_Window* window, SDL_Renderer* renderer, const options* o) {
  SDL_Texture* texture = NULL;
  generation clip;
  meter m = {0, 0, 0, 0};
  double due, playing_since = 0;
  int result = 0, over = 0;

  generation_start(&clip, o->models, o->prompt, o->width, o->height, o->num_frames);
  if (!clip.error) puts("the clip is being made");
  fflush(stdout);
  m.begin = due = now();
  while (!over && result == 0) {
    const int wish = input();
    const double before = now();
    if (!texture && !clip.finished) {
      generation_tick(&clip);
      m.asking += now() - before;
      ++m.ticks;
    } else if (!texture && clip.error) {
      result = SDL_SetError("%s", clip.error);
      break;
    } else if (!texture) {
      m.end = now();
      report(&clip, &m);
      SDL_SetWindowTitle(window, o->prompt);
      texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                  clip.video.width, clip.video.height);
      playing_since = now();
      if (texture == NULL) result = -1;
    }
    if (wish == 2) playing_since = now();

    draw_world(renderer, before);
    if (texture) {
      const int frame = (int)((now() - playing_since) * clip.video.frame_rate) % clip.video.frame_count;
      result = show_frame(renderer, texture, &clip.video, frame);
      if (result == 0 && o->screenshot && frame >= kScreenshotFrame) {
        result = take_screenshot(renderer, o->screenshot, &clip.video, frame);
        over = 1;
      }
    } else {
      draw_progress(renderer, window, &clip);
    }
    SDL_RenderPresent(renderer);
    if (wish == 1) over = 1;
    pace(&due);
  }
  if (texture) SDL_DestroyTexture(texture);
  generation_free(&clip);
  return result;
}

int main(int argc, char** argv) {
  options o;
  SDL_Window* window = NULL;
  SDL_Renderer* renderer = NULL;
  int ok;

  if (parse(argc, argv, &o) != 0) {
    fprintf(stderr, "usage: %s MODELS PROMPT [--size WIDTH HEIGHT FRAMES] [--screenshot FILE.png]\n",
            argv[0]);
    return 2;
  }
  SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
  ok = SDL_Init(SDL_INIT_VIDEO) == 0 &&
       (window =
            SDL_CreateWindow("libltx", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, kWidth, kHeight, 0)) &&
       (renderer = SDL_CreateRenderer(window, -1, 0)) && run(window, renderer, &o) == 0;
  if (!ok) fprintf(stderr, "%s\n", SDL_GetError());
  if (renderer) SDL_DestroyRenderer(renderer);
  if (window) SDL_DestroyWindow(window);
  SDL_Quit();
  return ok ? 0 : 1;
}
