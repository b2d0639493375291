// Rows of a symmetric filter, and what content weights make of them.
#include <stddef.h>

#include "CKernels.h"
#include "clones.h"

typedef float float8 __attribute__((vector_size(32), aligned(4)));

INLINE float8 at(const float *row, long i) { return *(const float8 *)(row + i); }

// So many numbers at a time that the sums of one pair need not wait for those of the pair before.
INLINE void convolve32(const float *const *middle, const float *weights, long radius, long i, float *target) {
  const float *centre = *middle + i;
  const float w0 = weights[0];
  float8 a = w0 * at(centre, 0), b = w0 * at(centre, 8), c = w0 * at(centre, 16), d = w0 * at(centre, 24);
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

INLINE void convolve8(const float *const *middle, const float *weights, long radius, long i, float *target) {
  float8 a = weights[0] * at(*middle, i);
  for (long j = 1; j <= radius; j++) a += weights[j] * (at(middle[-j], i) + at(middle[j], i));
  *(float8 *)(target + i) = a;
}

// The last step of a row overlaps the one before; what both compute is the same.
CLONES void ck_convolve(const float *const *rows, const float *weights, long radius, long first, long end,
                        float *target) {
  const float *const *middle = rows + radius;
  const long count = end - first;
  long i = first;
  if (count >= 32) {
    for (; i + 32 <= end; i += 32) convolve32(middle, weights, radius, i, target);
    if (i < end) convolve32(middle, weights, radius, end - 32, target);
  } else if (count >= 8) {
    for (; i + 8 <= end; i += 8) convolve8(middle, weights, radius, i, target);
    if (i < end) convolve8(middle, weights, radius, end - 8, target);
  } else {
    for (; i < end; i++) {
      float a = weights[0] * middle[0][i];
      for (long j = 1; j <= radius; j++) a += weights[j] * (middle[-j][i] + middle[j][i]);
      target[i] = a;
    }
  }
}

// Two rows, 16 columns: each row of the window is loaded once for both.
INLINE void convolve_two16(const float *const *middle, const float *weights, long radius, long i, float *target,
                           float *next) {
  const float *p = middle[0] + i, *q = middle[1] + i;
  float8 low0 = at(p, 0), low1 = at(p, 8), high0 = at(q, 0), high1 = at(q, 8);
  float8 a0 = weights[0] * low0, a1 = weights[0] * low1, b0 = weights[0] * high0, b1 = weights[0] * high1;
  for (long j = 1; j <= radius; j++) {
    const float w = weights[j];
    p = middle[-j] + i;
    q = middle[j + 1] + i;
    const float8 p0 = at(p, 0), p1 = at(p, 8), q0 = at(q, 0), q1 = at(q, 8);
    a0 += w * (p0 + high0);
    a1 += w * (p1 + high1);
    b0 += w * (low0 + q0);
    b1 += w * (low1 + q1);
    low0 = p0;
    low1 = p1;
    high0 = q0;
    high1 = q1;
  }
  *(float8 *)(target + i) = a0;
  *(float8 *)(target + i + 8) = a1;
  *(float8 *)(next + i) = b0;
  *(float8 *)(next + i + 8) = b1;
}

CLONES void ck_convolve_two(const float *const *rows, const float *weights, long radius, long first, long end,
                            float *target, float *next) {
  const float *const *middle = rows + radius;
  long i = first;
  if (end - first >= 16) {
    for (; i + 16 <= end; i += 16) convolve_two16(middle, weights, radius, i, target, next);
    if (i < end) convolve_two16(middle, weights, radius, end - 16, target, next);
  } else {
    for (; i < end; i++) {
      float a = weights[0] * middle[0][i], b = weights[0] * middle[1][i];
      for (long j = 1; j <= radius; j++) {
        a += weights[j] * (middle[-j][i] + middle[j][i]);
        b += weights[j] * (middle[1 - j][i] + middle[1 + j][i]);
      }
      target[i] = a;
      next[i] = b;
    }
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
