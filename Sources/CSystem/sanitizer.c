// Under the thread sanitizer only: tells it what Swift's Mutex orders.
//
// A mutex that is free is taken and given back by atomics in our own code, which the sanitizer sees. One that others wait
// for is handed over by the kernel, in a library of the toolchain that is built without the sanitizer; it would then
// report a race for whatever the mutex guards. So these two functions of that library are stood in for.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) && defined(__linux__)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

void __tsan_acquire(void *);
void __tsan_release(void *);

SWIFT void csystem_lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void csystem_unlock_slow(SELF) __asm__(UNLOCK);

SWIFT void csystem_lock_slow(uint32_t thread, SELF) {
  SWIFT void (*original)(uint32_t, SELF) = (SWIFT void (*)(uint32_t, SELF))dlsym(RTLD_NEXT, LOCK);
  original(thread, self);
  __tsan_acquire(self);
}

SWIFT void csystem_unlock_slow(SELF) {
  SWIFT void (*original)(SELF) = (SWIFT void (*)(SELF))dlsym(RTLD_NEXT, UNLOCK);
  __tsan_release(self);
  original(self);
}
#endif
#endif
