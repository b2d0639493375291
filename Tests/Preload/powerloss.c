// Remembers what a loss of power would leave: preloaded into a program (LD_PRELOAD), it copies a file when it is synced and
// lists a folder when it is synced, and nothing else. The test builds from that what is left when everything that was not
// synced is gone: bytes, names, folders.
//
//   POWERLOSS_ROOT    only what lies below this folder
//   POWERLOSS_SHADOW  where to remember: `<identity>.file`, the bytes; `<identity>.folder`, lines of "<f or d> <identity> <name>"
//   POWERLOSS_FORGET  "files" or "folders": pretends that such syncs had never been made, for the test of the test
//
// An identity is inode and time of birth, since inodes are used again; that of the root itself is "root". What was really on its way to the disk does not
// matter, so nothing is really synced.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what) {
  fprintf(stderr, "powerloss: %s: %s\n", what, strerror(errno));
  _exit(99);
}

static void identity(int folder, const char *name, char *text, size_t size, int *is_folder) {
  struct statx s;
  int flags = name[0] ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
  text[0] = 0;
  if (statx(folder, name, flags, STATX_INO | STATX_TYPE | STATX_BTIME, &s) != 0) {
    if (errno == ENOENT) return;  // gone since it was listed
    die("statx");
  }
  if (!(s.stx_mask & STATX_BTIME)) die("this file system keeps no times of birth");
  snprintf(text, size, "%llu-%lld.%u", (unsigned long long)s.stx_ino, (long long)s.stx_btime.tv_sec, s.stx_btime.tv_nsec);
  *is_folder = S_ISDIR(s.stx_mode);
}

static int begin(char *temporary, const char *shadow) {
  static atomic_int number;
  snprintf(temporary, PATH_MAX, "%s/tmp-%d-%d", shadow, getpid(), atomic_fetch_add(&number, 1));
  int out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (out < 0) die(temporary);
  return out;
}

static void finish(int out, const char *temporary, const char *shadow, const char *id, const char *kind) {
  char target[PATH_MAX];
  snprintf(target, sizeof target, "%s/%s.%s", shadow, id, kind);
  if (close(out) != 0 || rename(temporary, target) != 0) die(target);
}

static void put(int out, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t n = write(out, bytes, count);
    if (n < 0) die("write");
    bytes += n;
    count -= n;
  }
}

static void remember(int fd) {
  const char *root = getenv("POWERLOSS_ROOT"), *shadow = getenv("POWERLOSS_SHADOW"), *forget = getenv("POWERLOSS_FORGET");
  if (!root || !shadow) return;
  char link[64], path[PATH_MAX], temporary[PATH_MAX], id[128];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) die(link);
  path[length] = 0;
  if (strncmp(path, root, strlen(root)) != 0) return;
  int is_folder = 0;
  identity(fd, "", id, sizeof id, &is_folder);
  if (strcmp(path, root) == 0) strcpy(id, "root");
  if (forget && strcmp(forget, is_folder ? "folders" : "files") == 0 && strstr(path, ".zarr")) return;
  int out = begin(temporary, shadow);
  if (is_folder) {
    DIR *entries = opendir(link);
    if (!entries) die(path);
    struct dirent *entry;
    while ((entry = readdir(entries))) {
      if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
      char child[128], line[PATH_MAX + 256];
      int child_is_folder = 0;
      identity(fd, entry->d_name, child, sizeof child, &child_is_folder);
      if (!child[0]) continue;
      put(out, line, snprintf(line, sizeof line, "%c %s %s\n", child_is_folder ? 'd' : 'f', child, entry->d_name));
    }
    closedir(entries);
    finish(out, temporary, shadow, id, "folder");
  } else {
    // by a descriptor of its own: this one may only be for writing
    int in = open(link, O_RDONLY | O_CLOEXEC);
    if (in < 0) die(path);
    static _Thread_local char bytes[65536];
    ssize_t n;
    while ((n = read(in, bytes, sizeof bytes)) > 0) put(out, bytes, n);
    if (n < 0) die(path);
    close(in);
    finish(out, temporary, shadow, id, "file");
  }
}

int fsync(int fd) {
  int before = errno;
  remember(fd);
  errno = before;
  return 0;
}

int fdatasync(int fd) { return fsync(fd); }
