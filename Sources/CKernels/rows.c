// Rows of voxels and numbers: converted, blended, stored.
#include <stdint.h>
#include <string.h>

#include "CKernels.h"
#include "clones.h"

INLINE float lerp(float a, float b, float f) { return a + f * (b - a); }

CLONES void ck_blend(const float *a, const float *b, float fraction, long count, float *target) {
  float *restrict out = target;
  for (long i = 0; i < count; i++) out[i] = lerp(a[i], b[i], fraction);
}

// Added to 1.5 * 2^23, a number has its nearest whole one, halves to even, in its low bits.
INLINE uint32_t rounded(float value, float upper) {
  // what is not above 0, NaN included, is 0
  const float low = value > 0 ? value : 0;
  const float number = (low < upper ? low : upper) + 12582912.0f;
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
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
