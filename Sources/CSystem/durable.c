#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

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

int csystem_open_unnamed(int root, const char *folder) {
#if defined(O_TMPFILE)
  // without it no name can be given later
  if (access("/proc/self/fd", X_OK) == 0) {
    int fd;
    do fd = openat(root, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
  }
#endif
  errno = EOPNOTSUPP;
  return -1;
}

int csystem_name(int fd, int root, const char *path) {
#if defined(O_TMPFILE)
  char own[32];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  if (linkat(AT_FDCWD, own, root, path, AT_SYMLINK_FOLLOW) == 0) return 0;
  if (errno != EEXIST) return errno;
  if (unlinkat(root, path, 0) != 0 && errno != ENOENT) return errno;
  return linkat(AT_FDCWD, own, root, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
#else
  return EOPNOTSUPP;
#endif
}

int csystem_rename_new(const char *from, const char *to) {
#if defined(__APPLE__)
  return renamex_np(from, to, RENAME_EXCL);
#elif defined(SYS_renameat2)
  // by its number: the C library of older systems has no such function
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);
#else
  errno = ENOSYS;
  return -1;
#endif
}
