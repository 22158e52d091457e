#include "screenshot.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

int screenshot_write(SDL_Renderer* renderer, const char* path) {
  int width, height, written;
  png_image image;
  unsigned char* pixels;

  if (SDL_GetRendererOutputSize(renderer, &width, &height) != 0) return -1;
  pixels = malloc((size_t)width * (size_t)height * 3);
  if (pixels == NULL) return SDL_OutOfMemory();
  if (SDL_RenderReadPixels(renderer, NULL, SDL_PIXELFORMAT_RGB24, pixels, width * 3) != 0) {
    free(pixels);
    return -1;
  }
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.format = PNG_FORMAT_RGB;
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  written = png_image_write_to_file(&image, path, 0, pixels, 0, NULL);
  free(pixels);
  return written ? 0 : SDL_SetError("cannot write %s: %s", path, image.message);
}
