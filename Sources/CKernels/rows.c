// Rows of voxels and numbers: converted, blended, stored.
#include <stdint.h>

#include "CKernels.h"
#include "arithmetic.h"

CLONES void ck_blend(const float *a, const float *b, float fraction, long count, float *target) {
  blend_numbers(a, b, fraction, count, target);
}

#define ROWS(NAME, TYPE)                                                                               \
  CLONES void ck_convert_##NAME(const TYPE *source, long count, float *target) {                       \
    convert_##NAME(source, count, target);                                                             \
  }                                                                                                    \
  CLONES void ck_blend_##NAME(const TYPE *a, const TYPE *b, float fraction, long count, float *target) { \
    blend_##NAME(a, b, fraction, count, target);                                                       \
  }                                                                                                    \
  CLONES void ck_store_##NAME(const float *row, long count, TYPE *target) { store_##NAME(row, count, target); }

ROWS(u8, uint8_t)
ROWS(u16, uint16_t)
