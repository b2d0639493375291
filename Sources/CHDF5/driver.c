// The driver that libhdf5 reads files with. libhdf5's own one fills what it cannot read at the end of a file with zeros,
// which would count as voxels. This one fails instead, whatever is read: voxels, or what finds them.

#include "driver.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reader {
  // first, as libhdf5 asks for
  H5FD_t base;
  int descriptor;
  char *name;
  struct timespec modified;
  // where the file's own header says that it ends
  haddr_t eoa;
  // what the system said when it was opened
  haddr_t eof;
  dev_t device;
  ino_t inode;
};

#if defined(__APPLE__)
#define MODIFIED(status) (status).st_mtimespec
#else
#define MODIFIED(status) (status).st_mtim
#endif

#define FAIL(minor, ...) \
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_VFL, minor, __VA_ARGS__)

static H5FD_t *reader_open(const char *name, unsigned flags, hid_t access, haddr_t limit) {
  (void)access;
  (void)limit;
  if (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) {
    FAIL(H5E_CANTOPENFILE, "files are only read");
    return NULL;
  }
  int descriptor;
  // a FIFO would be waited for
  do descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) {
    FAIL(H5E_CANTOPENFILE, "unable to open file: errno = %d, %s", errno, strerror(errno));
    return NULL;
  }
  struct stat status;
  struct reader *reader = NULL;
  if (fstat(descriptor, &status) < 0)
    FAIL(H5E_BADFILE, "unable to fstat file: errno = %d, %s", errno, strerror(errno));
  else if (!S_ISREG(status.st_mode))
    FAIL(H5E_BADFILE, "it is not a file");
  else if (!(reader = calloc(1, sizeof *reader)))
    FAIL(H5E_NOSPACE, "no memory: errno = %d", ENOMEM);
  if (!reader) {
    close(descriptor);
    return NULL;
  }
  reader->name = strdup(name);
  reader->modified = MODIFIED(status);
  reader->descriptor = descriptor;
  reader->eof = (haddr_t)status.st_size;
  reader->device = status.st_dev;
  reader->inode = status.st_ino;
  return &reader->base;
}

static herr_t reader_close(H5FD_t *file) {
  struct reader *reader = (struct reader *)file;
  close(reader->descriptor);
  free(reader->name);
  free(reader);
  return 0;
}

static int reader_compare(const H5FD_t *a, const H5FD_t *b) {
  const struct reader *one = (const struct reader *)a, *other = (const struct reader *)b;
  if (one->device != other->device) return one->device < other->device ? -1 : 1;
  if (one->inode != other->inode) return one->inode < other->inode ? -1 : 1;
  return 0;
}

static herr_t reader_query(const H5FD_t *file, unsigned long *flags) {
  (void)file;
  // as libhdf5's own, as far as files are only read
  if (flags) *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

static haddr_t reader_eoa(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const struct reader *)file)->eoa;
}

static herr_t reader_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((struct reader *)file)->eoa = address;
  return 0;
}

static haddr_t reader_eof(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const struct reader *)file)->eof;
}

// Opens the file again, as long as it is the same: a network file system that went away and came back may not know of the
// descriptor any more, and libhdf5 shares it among all that have the file open.
static int opened_again(struct reader *reader) {
  if (!reader->name) return 0;
  int descriptor = open(reader->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return 0;
  struct stat status;
  int is_same = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_ino == reader->inode &&
                (haddr_t)status.st_size == reader->eof && MODIFIED(status).tv_sec == reader->modified.tv_sec &&
                MODIFIED(status).tv_nsec == reader->modified.tv_nsec && dup2(descriptor, reader->descriptor) >= 0 &&
                fcntl(reader->descriptor, F_SETFD, FD_CLOEXEC) == 0;
  close(descriptor);
  return is_same;
}

static herr_t reader_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer) {
  (void)type;
  (void)transfer;
  struct reader *reader = (struct reader *)file;
  size_t done = 0;
  int was_opened_again = 0;
  while (done < size) {
    haddr_t at = address + done;
    // some systems refuse to read 2 GiB at once
    size_t part = size - done < (size_t)1 << 30 ? size - done : (size_t)1 << 30;
    ssize_t count = at > INT64_MAX ? 0 : pread(reader->descriptor, (char *)buffer + done, part, (off_t)at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      int number = errno;
      if (!was_opened_again++ && opened_again(reader)) continue;
      errno = number;
      FAIL(H5E_READERROR, "file read failed: errno = %d, %s", errno, strerror(errno));
      return -1;
    }
    if (count == 0) {
      FAIL(H5E_READERROR, "the file ends early: %zu bytes at byte %llu are needed, but it ends at or before byte %llu", size,
           (unsigned long long)address, (unsigned long long)at);
      return -1;
    }
    done += (size_t)count;
  }
  return 0;
}

static herr_t reader_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, const void *buffer) {
  (void)file, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
  FAIL(H5E_WRITEERROR, "files are only read");
  return -1;
}

// libhdf5 asks for a lock unless HDF5_USE_FILE_LOCKING says otherwise. A file that is only read takes none: file systems
// refuse locks for reasons of their own, and one would keep other programs from the file. That it is written to meanwhile,
// its time tells.
static herr_t reader_lock(H5FD_t *file, hbool_t writes) {
  (void)file, (void)writes;
  return 0;
}

static herr_t reader_unlock(H5FD_t *file) {
  (void)file;
  return 0;
}

hid_t chdf5_file_access(void) {
  static const H5FD_class_t class = {
#ifdef H5FD_CLASS_VERSION
      .version = H5FD_CLASS_VERSION,
      // of those that libhdf5 leaves to programs
      .value = 511,
#endif
      .name = "blockfuse",
      .maxaddr = INT64_MAX,
      .fc_degree = H5F_CLOSE_WEAK,
      .open = reader_open,
      .close = reader_close,
      .cmp = reader_compare,
      .query = reader_query,
      .get_eoa = reader_eoa,
      .set_eoa = reader_set_eoa,
      .get_eof = reader_eof,
      .read = reader_read,
      .write = reader_write,
      .lock = reader_lock,
      .unlock = reader_unlock,
      .fl_map = H5FD_FLMAP_DICHOTOMY,
  };
  static hid_t access = -1;
  if (access >= 0) return access;
  hid_t driver = H5FDregister(&class);
  hid_t made = driver < 0 ? -1 : H5Pcreate(H5P_FILE_ACCESS);
  if (made >= 0 && H5Pset_driver(made, driver, NULL) < 0) {
    H5Pclose(made);
    made = -1;
  }
  access = made;
  return access;
}
