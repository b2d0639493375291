#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct start {
  void (*body)(void *);
  void *context;
  char name[16];  // the longest that Linux takes
};

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
#if defined(__APPLE__)
  pthread_setname_np(start.name);
#else
  pthread_setname_np(pthread_self(), start.name);
#endif
  start.body(start.context);
  return NULL;
}

int csystem_start_thread(
    csystem_thread *thread, const char *name, size_t stack_byte_count, void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (!start) return ENOMEM;
  start->body = body;
  start->context = context;
  snprintf(start->name, sizeof start->name, "%s", name);
  pthread_attr_t attributes;
  int number = pthread_attr_init(&attributes);
  if (number == 0) {
    number = pthread_attr_setstacksize(&attributes, stack_byte_count);
    if (number == 0) number = pthread_create(&thread->identifier, &attributes, run, start);
    pthread_attr_destroy(&attributes);
  }
  if (number != 0) free(start);
  return number;
}

void csystem_join_thread(csystem_thread thread) { pthread_join(thread.identifier, NULL); }

void csystem_detach_thread(csystem_thread thread) { pthread_detach(thread.identifier); }
