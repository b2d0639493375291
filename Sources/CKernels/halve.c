// Means of windows: what a pyramid's levels are made of.
#include <stdint.h>

#include "CKernels.h"
#include "clones.h"

#define PAIR(row, i) ((uint32_t)(row)[2 * (i)] + (uint32_t)(row)[2 * (i) + 1])

#define HALVE(NAME, TYPE)                                                                             \
  CLONES void NAME(const TYPE *source, const ck_strides from, TYPE *target, const ck_strides to,     \
                   const ck_windows windows) {                                                        \
    for (long z = 0; z < windows.depth; z++) {                                                        \
      for (long y = 0; y < windows.height; y++) {                                                     \
        TYPE *restrict out = target + z * to.plane + y * to.row;                                      \
        const TYPE *a = source + z * windows.z * from.plane + y * windows.y * from.row;               \
        const TYPE *b = a + (windows.y == 2 ? from.row : from.plane);                                 \
        const long width = windows.width;                                                             \
        if (windows.z * windows.y == 1) {                                                             \
          for (long i = 0; i < width; i++) out[i] = (TYPE)(PAIR(a, i) >> 1);                          \
        } else if (windows.z * windows.y == 2) {                                                      \
          for (long i = 0; i < width; i++) out[i] = (TYPE)((PAIR(a, i) + PAIR(b, i)) >> 2);           \
        } else {                                                                                      \
          const TYPE *c = a + from.plane, *d = c + from.row;                                          \
          for (long i = 0; i < width; i++)                                                            \
            out[i] = (TYPE)((PAIR(a, i) + PAIR(b, i) + PAIR(c, i) + PAIR(d, i)) >> 3);                \
        }                                                                                             \
      }                                                                                               \
    }                                                                                                 \
  }

HALVE(ck_halve_u8, uint8_t)
HALVE(ck_halve_u16, uint16_t)
