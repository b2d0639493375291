// Tiles of numbers: what they hold, and products of matrices, which cosine transforms are.
#include <float.h>

#include "CKernels.h"
#include "clones.h"

typedef float float8 __attribute__((vector_size(32), aligned(4)));

INLINE float8 at(const float *row) { return *(const float8 *)row; }

// Four rows of a product, 16 columns: each row of the source is loaded once for all of them.
INLINE void multiply4x16(const float *m, long inner, const float *source, long from, float *target, long to) {
  const float *m1 = m + inner, *m2 = m1 + inner, *m3 = m2 + inner;
  float8 s = at(source), t = at(source + 8);
  float8 a0 = m[0] * s, a1 = m1[0] * s, a2 = m2[0] * s, a3 = m3[0] * s;
  float8 b0 = m[0] * t, b1 = m1[0] * t, b2 = m2[0] * t, b3 = m3[0] * t;
  for (long i = 1; i < inner; i++) {
    source += from;
    s = at(source);
    t = at(source + 8);
    a0 += m[i] * s;
    b0 += m[i] * t;
    a1 += m1[i] * s;
    b1 += m1[i] * t;
    a2 += m2[i] * s;
    b2 += m2[i] * t;
    a3 += m3[i] * s;
    b3 += m3[i] * t;
  }
  *(float8 *)target = a0;
  *(float8 *)(target + 8) = b0;
  *(float8 *)(target + to) = a1;
  *(float8 *)(target + to + 8) = b1;
  *(float8 *)(target + 2 * to) = a2;
  *(float8 *)(target + 2 * to + 8) = b2;
  *(float8 *)(target + 3 * to) = a3;
  *(float8 *)(target + 3 * to + 8) = b3;
}

INLINE void multiply1x8(const float *m, long inner, const float *source, long from, float *target) {
  float8 a = m[0] * at(source);
  for (long i = 1; i < inner; i++) a += m[i] * at(source + i * from);
  *(float8 *)target = a;
}

INLINE void multiply1x1(const float *m, long inner, const float *source, long from, float *target) {
  float a = m[0] * source[0];
  for (long i = 1; i < inner; i++) a += m[i] * source[i * from];
  *target = a;
}

// The last step of a row overlaps the one before; what both compute is the same.
CLONES void ck_multiply(const float *matrix, long rows, long inner, const float *source, long from, long columns,
                        float *target, long to) {
  long r = 0;
  if (columns >= 16) {
    for (; r + 4 <= rows; r += 4) {
      const float *m = matrix + r * inner;
      float *row = target + r * to;
      long c = 0;
      for (; c + 16 <= columns; c += 16) multiply4x16(m, inner, source + c, from, row + c, to);
      if (c < columns) multiply4x16(m, inner, source + columns - 16, from, row + columns - 16, to);
    }
  }
  for (; r < rows; r++) {
    const float *m = matrix + r * inner;
    float *row = target + r * to;
    long c = 0;
    if (columns >= 8) {
      for (; c + 8 <= columns; c += 8) multiply1x8(m, inner, source + c, from, row + c);
      if (c < columns) multiply1x8(m, inner, source + columns - 8, from, row + columns - 8);
    } else {
      for (; c < columns; c++) multiply1x1(m, inner, source + c, from, row + c);
    }
  }
}

INLINE int is_number(float v) { return v >= -FLT_MAX && v <= FLT_MAX; }

typedef int32_t int8 __attribute__((vector_size(32), aligned(4)));

INLINE float8 chosen(int8 mask, float8 a, float8 b) { return (float8)(((int8)a & mask) | ((int8)b & ~mask)); }

CLONES long ck_count_numbers(const float *values, long count, float *least) {
  const float8 most = (float8){0} + FLT_MAX;
  float8 low = most;
  long found = 0, i = 0;
  while (i + 8 <= count) {
    // so few at a time that no lane overflows
    const long end = count - i > 1 << 20 ? i + (1 << 20) : count;
    int8 lanes = {0};
    for (; i + 8 <= end; i += 8) {
      const float8 v = at(values + i);
      const int8 is = (v >= -most) & (v <= most);
      const float8 number = chosen(is, v, most);
      lanes -= is;
      low = chosen(number < low, number, low);
    }
    for (long lane = 0; lane < 8; lane++) found += lanes[lane];
  }
  float lowest = FLT_MAX;
  for (long lane = 0; lane < 8; lane++) lowest = low[lane] < lowest ? low[lane] : lowest;
  for (; i < count; i++) {
    if (!is_number(values[i])) continue;
    found++;
    lowest = values[i] < lowest ? values[i] : lowest;
  }
  *least = lowest;
  return found;
}

CLONES void ck_fill_gaps(float *values, long count, float value) {
  for (long i = 0; i < count; i++) values[i] = is_number(values[i]) ? values[i] : value;
}

typedef double double8 __attribute__((vector_size(64), aligned(8)));

CLONES void ck_centre(float *values, long count, float base, double *sum, double *squares) {
  double8 sums = {0}, products = {0};
  long i = 0;
  for (; i + 8 <= count; i += 8) {
    const float8 u = at(values + i) - base;
    *(float8 *)(values + i) = u;
    const double8 d = __builtin_convertvector(u, double8);
    sums += d;
    products += d * d;
  }
  for (long lane = 0; i < count; i++, lane++) {
    values[i] -= base;
    const double d = values[i];
    sums[lane] += d;
    products[lane] += d * d;
  }
  *sum = 0;
  *squares = 0;
  for (long lane = 0; lane < 8; lane++) {
    *sum += sums[lane];
    *squares += products[lane];
  }
}
