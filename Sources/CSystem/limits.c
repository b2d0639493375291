#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <sys/resource.h>
#if defined(__linux__)
#include <sched.h>
#endif

int csystem_allowed_processors(void) {
#if defined(__linux__)
  // a set that is too small for the machine is refused
  for (int room = 1024; room <= 1 << 20; room *= 2) {
    cpu_set_t *set = CPU_ALLOC(room);
    if (!set) return 0;
    size_t size = CPU_ALLOC_SIZE(room);
    int result = sched_getaffinity(0, size, set);
    int number = errno;
    int count = result == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (result == 0 || number != EINVAL) return count;
  }
#endif
  return 0;
}

uint64_t csystem_address_space(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return limit.rlim_cur;
}
