#include "CSystem.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void csystem_return_large_buffers(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}
