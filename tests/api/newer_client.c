/* A client whose header is newer than the library: every init is refused and leaves the object alone. */
#include <stdio.h>
#include <string.h>

#include "ltx_c.h"

int main(void) {
  union {
    ltx_request request;
    ltx_pipeline_params params;
    ltx_event event;
    unsigned char bytes[512];
  } object;
  size_t i;
  memset(&object, 0xA5, sizeof object);
  if (ltx_request_init(&object.request) != LTX_E_TOO_NEW ||
      ltx_pipeline_params_init(&object.params) != LTX_E_TOO_NEW ||
      ltx_event_init(&object.event) != LTX_E_TOO_NEW) {
    fprintf(stderr, "not refused: %s\n", ltx_last_error());
    return 1;
  }
  for (i = 0; i < sizeof object; ++i)
    if (object.bytes[i] != 0xA5) return 2;
  return strstr(ltx_last_error(), "ltx_event") != NULL ? 0 : 3;
}
