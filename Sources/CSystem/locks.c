#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#if defined(__APPLE__) && !defined(F_OFD_SETLK)
#define F_OFD_SETLK 90
#define F_OFD_GETLK 92
#endif

static struct flock byte_at(int64_t offset, short type) {
  struct flock lock = {0};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = (off_t)offset;
  lock.l_len = 1;
  return lock;
}

int csystem_lock_byte(int fd, int64_t offset) {
  struct flock lock = byte_at(offset, F_WRLCK);
  return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : (errno == EACCES ? EAGAIN : errno);
}

int csystem_unlock_byte(int fd, int64_t offset) {
  struct flock lock = byte_at(offset, F_UNLCK);
  return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

int csystem_byte_is_locked(int fd, int64_t offset) {
  struct flock lock = byte_at(offset, F_WRLCK);
  if (fcntl(fd, F_OFD_GETLK, &lock) != 0) return -errno;
  return lock.l_type != F_UNLCK;
}
