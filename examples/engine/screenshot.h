#ifndef SCREENSHOT_H
#define SCREENSHOT_H

#include <SDL.h>

/* Writes what has been drawn, and not been presented yet, as an RGB PNG. Returns 0, or -1 with a text in
 * SDL_GetError(). */
int screenshot_write(SDL_Renderer* renderer, const char* path);

#endif
