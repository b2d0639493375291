// Calls that Swift cannot make itself: variadic or missing from its C imports.
#ifndef CSYSTEM_H
#define CSYSTEM_H

#include <stdint.h>

/// Tries to take an exclusive open-file-description lock on one byte. The kernel frees it the moment the process dies.
/// Returns 0 when taken, else errno (EAGAIN when another description holds it).
int csystem_lock_byte(int fd, int64_t offset);
/// Gives the byte back. Returns 0 or errno.
int csystem_unlock_byte(int fd, int64_t offset);
/// 1 when another open file description holds the byte, 0 when it is free, -errno on failure.
int csystem_byte_is_locked(int fd, int64_t offset);

#endif
