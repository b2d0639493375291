// Preloaded into a program (LD_PRELOAD), it lets THREADS_AT_MOST threads live beside the first and starts no more, as where a
// limit of the user or of the container is reached.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

struct start {
  void *(*body)(void *);
  void *argument;
};

static atomic_int living;

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  void *result = start.body(start.argument);
  atomic_fetch_sub(&living, 1);
  return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
  const char *limit = getenv("THREADS_AT_MOST");
  struct start *start = malloc(sizeof *start);
  if (!start) return EAGAIN;
  start->body = body;
  start->argument = argument;
  int number = EAGAIN;
  if (atomic_fetch_add(&living, 1) < (limit ? atoi(limit) : 1 << 20))
    number = ((create *)dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, run, start);
  if (number != 0) {
    atomic_fetch_sub(&living, 1);
    free(start);
  }
  return number;
}
