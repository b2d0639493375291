// Planes of a view that is shifted by parts of voxels, straight into voxels of its own type.
#include <stdint.h>

#include "CKernels.h"
#include "arithmetic.h"

#define SHIFT(NAME, TYPE, UPPER)                                                                               \
  INLINE void blend_planes_##NAME(const TYPE *source, long plane, float fraction, long count, float *target) { \
    float *restrict out = target;                                                                              \
    if (fraction == 0) {                                                                                       \
      for (long i = 0; i < count; i++) out[i] = (float)source[i];                                              \
    } else {                                                                                                   \
      const TYPE *next = source + plane;                                                                       \
      for (long i = 0; i < count; i++) out[i] = lerp((float)source[i], (float)next[i], fraction);              \
    }                                                                                                          \
  }                                                                                                            \
  CLONES void ck_shift_##NAME(const TYPE *source, ck_strides from, ck_fractions fraction, long height,         \
                              long count, TYPE *target, long to, float *rows) {                                \
    /* what has a fraction of 0 is not read: it may lie outside the view */                                    \
    const long read = fraction.x == 0 ? count : count + 1;                                                     \
    float *first = rows, *second = rows + read;                                                                \
    float *const between = second + read;                                                                      \
    blend_planes_##NAME(source, from.plane, fraction.z, read, first);                                          \
    for (long y = 0; y < height; y++) {                                                                        \
      const float *row = first;                                                                                \
      if (fraction.y != 0) {                                                                                   \
        blend_planes_##NAME(source + (y + 1) * from.row, from.plane, fraction.z, read, second);                \
        float *restrict blended = between;                                                                     \
        for (long i = 0; i < read; i++) blended[i] = lerp(first[i], second[i], fraction.y);                    \
        row = between;                                                                                         \
        float *const done = first;                                                                             \
        first = second;                                                                                        \
        second = done;                                                                                         \
      } else if (y > 0) {                                                                                      \
        blend_planes_##NAME(source + y * from.row, from.plane, fraction.z, read, first);                       \
      }                                                                                                        \
      TYPE *restrict out = target + y * to;                                                                    \
      if (fraction.x == 0) {                                                                                   \
        for (long i = 0; i < count; i++) out[i] = (TYPE)rounded(row[i], UPPER);                                \
      } else {                                                                                                 \
        for (long i = 0; i < count; i++) out[i] = (TYPE)rounded(lerp(row[i], row[i + 1], fraction.x), UPPER);  \
      }                                                                                                        \
    }                                                                                                          \
  }

SHIFT(u8, uint8_t, 255.0f)
SHIFT(u16, uint16_t, 65535.0f)
