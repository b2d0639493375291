// Calls that Swift cannot make itself: variadic or missing from its C imports.
#ifndef CSYSTEM_H
#define CSYSTEM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/// Tries to take an exclusive open-file-description lock on one byte. The kernel frees it the moment the process dies.
/// Returns 0 when taken, else errno (EAGAIN when another description holds it).
int csystem_lock_byte(int fd, int64_t offset);
/// Gives the byte back. Returns 0 or errno.
int csystem_unlock_byte(int fd, int64_t offset);
/// 1 when another open file description holds the byte, 0 when it is free, -errno on failure.
int csystem_byte_is_locked(int fd, int64_t offset);

/// CRC-32C of `count` bytes, continuing `crc` (0 at the start).
uint32_t csystem_crc32c(uint32_t crc, const void *bytes, size_t count);
/// The same without special instructions: what processors without them get.
uint32_t csystem_crc32c_by_tables(uint32_t crc, const void *bytes, size_t count);

/// Makes what was written to a file or folder survive a loss of power. Returns 0 or errno.
int csystem_sync(int fd);

/// Opens a new file, to be written and read back, that lies in a folder but has no name there: it is gone when it is closed. Returns -1 with
/// errno where the system or its file system has no such files. Paths are taken from the folder `root`, as `openat` does.
int csystem_open_unnamed(int root, const char *folder);
/// Gives such a file a name, in place of what has it. Returns 0 or errno.
int csystem_name(int fd, int root, const char *path);

/// Renames a file where nothing has the new name. Returns 0, or -1 with errno: EEXIST where something has it; EINVAL, ENOSYS,
/// ENOTSUP where the system or its file system cannot.
int csystem_rename_new(const char *from, const char *to);

/// Makes buffers of 128 KiB and more go back to the system the moment they are freed, for the rest of the process. By
/// itself glibc keeps them once it has seen a few, and the memory of a process then is what its threads held in turn.
void csystem_return_large_buffers(void);

/// How many processors this process may run on; 0 where the system does not tell.
int csystem_allowed_processors(void);
/// How many bytes of addresses this process may use (`ulimit -v`); 0 where there is no such limit.
uint64_t csystem_address_space(void);

/// A thread that was started and is to be joined or detached once.
typedef struct {
  pthread_t identifier;
} csystem_thread;

/// Starts a thread with a name, of which 15 bytes are kept, and a stack of its own size. Returns 0 or errno; then there is
/// none.
int csystem_start_thread(
    csystem_thread *thread, const char *name, size_t stack_byte_count, void (*body)(void *), void *context);
/// Waits until its body has returned.
void csystem_join_thread(csystem_thread thread);
/// Nobody waits for it.
void csystem_detach_thread(csystem_thread thread);

#endif
