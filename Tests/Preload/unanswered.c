// Shows a file system that does not answer: preloaded into a program (LD_PRELOAD), it fails every call on what lies below a
// folder as long as there is a file that says so.
//
//   UNANSWERED_ROOT   the folder, an absolute path
//   UNANSWERED_WHILE  the file
//   UNANSWERED_ERRNO  the number of the error
//   UNANSWERED_READS  set: no call but reads at a place fails, and no more of them than so many
//   UNANSWERED_SKIP   of these, so many go well before
//   UNANSWERED_LINK   set: instead of all that, no file without a name gets one; a line for each refusal is appended to the
//                     file of that name
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// by the system itself, which nobody stands in for
static int is_there(const char *path) { return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0; }

static int is_below(const char *path) {
  const char *root = getenv("UNANSWERED_ROOT");
  size_t length = root ? strlen(root) : 0;
  return length > 0 && strncmp(path, root, length) == 0 && (path[length] == 0 || path[length] == '/');
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static _Thread_local int is_read;

// Whether a call is to fail; errno is then set.
static int fails(int folder, const char *name) {
  int before = errno;
  const char *flag = getenv("UNANSWERED_WHILE"), *number = getenv("UNANSWERED_ERRNO");
  if (!flag || !number || (getenv("UNANSWERED_READS") && !is_read) || !is_there(flag)) {
    errno = before;
    return 0;
  }
  char base[PATH_MAX] = "", path[2 * PATH_MAX];
  if (name && name[0] == '/') {
    snprintf(path, sizeof path, "%s", name);
  } else {
    if (folder == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of(folder, base)) base[0] = 0;
    snprintf(path, sizeof path, "%s%s%s", base, name && name[0] ? "/" : "", name ? name : "");
  }
  errno = is_below(path) ? atoi(number) : before;
  return is_below(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return fails(AT_FDCWD, path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags)
  return fails(AT_FDCWD, path) ? -1 : REAL(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE(flags)
  return fails(folder, path) ? -1 : REAL(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags)
  return fails(folder, path) ? -1 : REAL(openat64)(folder, path, flags, mode);
}
int stat(const char *path, struct stat *s) { return fails(AT_FDCWD, path) ? -1 : REAL(stat)(path, s); }
int lstat(const char *path, struct stat *s) { return fails(AT_FDCWD, path) ? -1 : REAL(lstat)(path, s); }
int fstat(int fd, struct stat *s) { return fails(fd, NULL) ? -1 : REAL(fstat)(fd, s); }
int fstatat(int folder, const char *path, struct stat *s, int flags) {
  return fails(folder, path) ? -1 : REAL(fstatat)(folder, path, s, flags);
}
int access(const char *path, int mode) { return fails(AT_FDCWD, path) ? -1 : REAL(access)(path, mode); }

static int read_fails(int fd) {
  static atomic_int done;
  const char *reads = getenv("UNANSWERED_READS"), *skip = getenv("UNANSWERED_SKIP");
  is_read = 1;
  int answer = fails(fd, NULL);
  is_read = 0;
  if (!answer || !reads) return answer;
  int number = atomic_fetch_add(&done, 1) - (skip ? atoi(skip) : 0);
  return number >= 0 && number < atoi(reads);
}
ssize_t pread(int fd, void *bytes, size_t count, off_t at) { return read_fails(fd) ? -1 : REAL(pread)(fd, bytes, count, at); }
ssize_t pread64(int fd, void *bytes, size_t count, off64_t at) {
  return read_fails(fd) ? -1 : REAL(pread64)(fd, bytes, count, at);
}
ssize_t write(int fd, const void *bytes, size_t count) { return fails(fd, NULL) ? -1 : REAL(write)(fd, bytes, count); }
int fsync(int fd) { return fails(fd, NULL) ? -1 : REAL(fsync)(fd); }
int mkdirat(int folder, const char *path, mode_t mode) { return fails(folder, path) ? -1 : REAL(mkdirat)(folder, path, mode); }
int unlinkat(int folder, const char *path, int flags) { return fails(folder, path) ? -1 : REAL(unlinkat)(folder, path, flags); }
int renameat(int from, const char *a, int to, const char *b) { return fails(to, b) ? -1 : REAL(renameat)(from, a, to, b); }

int linkat(int from, const char *a, int to, const char *b, int flags) {
  const char *log = getenv("UNANSWERED_LINK");
  if (log && strncmp(a, "/proc/self/fd/", 14) == 0) {
    int fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd >= 0) {
      (void)!REAL(write)(fd, "refused\n", 8);
      close(fd);
    }
    errno = EPERM;
    return -1;
  }
  return fails(to, b) ? -1 : REAL(linkat)(from, a, to, b, flags);
}
