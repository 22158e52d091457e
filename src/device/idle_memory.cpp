#include "device/idle_memory.h"

#ifdef __linux__
#include <malloc.h>
#endif

namespace ltx::device {

GiveBackHostMemory::~GiveBackHostMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace ltx::device
