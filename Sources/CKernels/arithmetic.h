#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include <stdint.h>
#include <string.h>

#include "clones.h"

// Exactly a where f is 0 or a equals b.
INLINE float lerp(float a, float b, float f) { return a + f * (b - a); }

// Added to 1.5 * 2^23, a number has its nearest whole one, halves to even, in its low bits.
INLINE uint32_t rounded(float value, float upper) {
  // what is not above 0, NaN included, is 0
  const float low = value > 0 ? value : 0;
  const float number = (low < upper ? low : upper) + 12582912.0f;
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

// The blending weight at a distance, in blending widths; 1 from 1 on.
INLINE float weight(float distance) {
  const float d = distance < 1 ? distance : 1;
  const float u = d * d;
  const float a =
      1.5707963705062866f +
      u * (-0.6459636688232422f +
           u * (0.07968928664922714f + u * (-0.004672910086810589f + u * 0.0001509713620180264f)));
  const float s = d * a;
  const float sine = s < 1 ? s : 1;
  const float w = sine * sine;
  return w > 1e-30f ? w : 1e-30f;
}

INLINE void blend_numbers(const float *a, const float *b, float fraction, long count, float *target) {
  float *restrict out = target;
  for (long i = 0; i < count; i++) out[i] = lerp(a[i], b[i], fraction);
}

#define ROWS(NAME, TYPE, UPPER)                                                                             \
  INLINE void convert_##NAME(const TYPE *source, long count, float *target) {                               \
    float *restrict out = target;                                                                           \
    for (long i = 0; i < count; i++) out[i] = (float)source[i];                                             \
  }                                                                                                         \
  INLINE void blend_##NAME(const TYPE *a, const TYPE *b, float fraction, long count, float *target) {       \
    float *restrict out = target;                                                                           \
    for (long i = 0; i < count; i++) out[i] = lerp((float)a[i], (float)b[i], fraction);                     \
  }                                                                                                         \
  INLINE void store_##NAME(const float *row, long count, TYPE *target) {                                    \
    TYPE *restrict out = target;                                                                            \
    for (long i = 0; i < count; i++) out[i] = (TYPE)rounded(row[i], UPPER);                                 \
  }

ROWS(u8, uint8_t, 255.0f)
ROWS(u16, uint16_t, 65535.0f)
#undef ROWS

#endif
