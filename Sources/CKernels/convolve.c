// Rows of a symmetric filter, and what content weights make of them.
#include <stddef.h>

#include "CKernels.h"
#include "clones.h"

typedef float float8 __attribute__((vector_size(32), aligned(4)));

INLINE float8 at(const float *row, long i) { return *(const float8 *)(row + i); }

// 32 numbers at a time, so that the sums of one pair do not wait for those of the pair before.
CLONES void ck_convolve(const float *const *rows, const float *weights, long radius, long first, long end,
                        float *target) {
  const float *const *middle = rows + radius;
  const float *centre = *middle;
  const float w0 = weights[0];
  long i = first;
  for (; i + 32 <= end; i += 32) {
    float8 a = w0 * at(centre, i), b = w0 * at(centre, i + 8);
    float8 c = w0 * at(centre, i + 16), d = w0 * at(centre, i + 24);
    for (long j = 1; j <= radius; j++) {
      const float *p = middle[-j] + i, *q = middle[j] + i;
      const float w = weights[j];
      a += w * (at(p, 0) + at(q, 0));
      b += w * (at(p, 8) + at(q, 8));
      c += w * (at(p, 16) + at(q, 16));
      d += w * (at(p, 24) + at(q, 24));
    }
    *(float8 *)(target + i) = a;
    *(float8 *)(target + i + 8) = b;
    *(float8 *)(target + i + 16) = c;
    *(float8 *)(target + i + 24) = d;
  }
  for (; i + 8 <= end; i += 8) {
    float8 a = w0 * at(centre, i);
    for (long j = 1; j <= radius; j++) a += weights[j] * (at(middle[-j], i) + at(middle[j], i));
    *(float8 *)(target + i) = a;
  }
  for (; i < end; i++) {
    float a = w0 * centre[i];
    for (long j = 1; j <= radius; j++) a += weights[j] * (middle[-j][i] + middle[j][i]);
    target[i] = a;
  }
}

INLINE float magnitude(float v) { return v < 0 ? -v : v; }

CLONES void ck_detail(const float *values, const float *smooth, const float *norm, long count, float *target) {
  float *restrict out = target;
  for (long i = 0; i < count; i++) {
    const float difference = values[i] - smooth[i] / norm[i];
    const float square = difference * difference;
    out[i] = magnitude(difference) <= 2e-6f * magnitude(values[i]) ? 0 : square;
  }
}
