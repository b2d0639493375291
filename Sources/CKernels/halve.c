// Means of windows: what a pyramid's levels are made of.
#include <stdint.h>

#include "CKernels.h"
#include "clones.h"

#define PAIR(row, i) ((uint32_t)(row)[2 * (i)] + (uint32_t)(row)[2 * (i) + 1])

#define HALVE(NAME, TYPE)                                                                             \
  CLONES void NAME(const TYPE *const *rows, long row_count, long width, TYPE *target) {              \
    TYPE *restrict out = target;                                                                      \
    const TYPE *a = rows[0];                                                                          \
    if (row_count == 1) {                                                                             \
      for (long i = 0; i < width; i++) out[i] = (TYPE)(PAIR(a, i) >> 1);                              \
      return;                                                                                         \
    }                                                                                                 \
    const TYPE *b = rows[1];                                                                          \
    if (row_count == 2) {                                                                             \
      for (long i = 0; i < width; i++) out[i] = (TYPE)((PAIR(a, i) + PAIR(b, i)) >> 2);               \
      return;                                                                                         \
    }                                                                                                 \
    const TYPE *c = rows[2], *d = rows[3];                                                            \
    for (long i = 0; i < width; i++)                                                                  \
      out[i] = (TYPE)((PAIR(a, i) + PAIR(b, i) + PAIR(c, i) + PAIR(d, i)) >> 3);                      \
  }

HALVE(ck_halve_u8, uint8_t)
HALVE(ck_halve_u16, uint16_t)
