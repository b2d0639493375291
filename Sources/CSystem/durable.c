#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int csystem_sync(int fd) {
#if defined(__APPLE__)
  // fsync leaves the data in the drive's cache there; some file systems know only fsync
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;
#endif
  int result;
  do result = fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}
