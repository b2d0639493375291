// Rows of voxels and numbers: converted, blended, stored.
#include <stdint.h>

#include "CKernels.h"
#include "arithmetic.h"

CLONES void ck_blend(const float *a, const float *b, float fraction, long count, float *target) {
  float *restrict out = target;
  for (long i = 0; i < count; i++) out[i] = lerp(a[i], b[i], fraction);
}

#define ROWS(NAME, TYPE, UPPER)                                                                        \
  CLONES void ck_convert_##NAME(const TYPE *source, long count, float *target) {                       \
    float *restrict out = target;                                                                      \
    for (long i = 0; i < count; i++) out[i] = (float)source[i];                                        \
  }                                                                                                    \
  CLONES void ck_blend_##NAME(const TYPE *a, const TYPE *b, float fraction, long count, float *target) { \
    float *restrict out = target;                                                                      \
    for (long i = 0; i < count; i++) out[i] = lerp((float)a[i], (float)b[i], fraction);                \
  }                                                                                                    \
  CLONES void ck_store_##NAME(const float *row, long count, TYPE *target) {                            \
    TYPE *restrict out = target;                                                                       \
    for (long i = 0; i < count; i++) out[i] = (TYPE)rounded(row[i], UPPER);                            \
  }

ROWS(u8, uint8_t, 255.0f)
ROWS(u16, uint16_t, 65535.0f)
