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

#endif
