// B-splines: the filter that makes coefficients of voxels, and sums of coefficients. All sums are of differences from the
// number in the middle, so that what is constant stays exactly constant.
#include <stdint.h>
#include <string.h>

#include "CKernels.h"
#include "clones.h"

typedef float float4 __attribute__((vector_size(16), aligned(4)));
typedef float float8 __attribute__((vector_size(32), aligned(4)));

INLINE float8 at(const float *row, long i) { return *(const float8 *)(row + i); }

// So many numbers at a time that the sums of one pair need not wait for those of the pair before.
INLINE void filter32(const float *const *middle, const float *weights, long reach, long i, float *target) {
  const float *centre = *middle + i;
  float8 a = at(centre, 0), b = at(centre, 8), c = at(centre, 16), d = at(centre, 24);
  const float8 a2 = a + a, b2 = b + b, c2 = c + c, d2 = d + d;
  for (long j = 1; j <= reach; j++) {
    const float *p = middle[-j] + i, *q = middle[j] + i;
    const float w = weights[j - 1];
    a += w * ((at(p, 0) + at(q, 0)) - a2);
    b += w * ((at(p, 8) + at(q, 8)) - b2);
    c += w * ((at(p, 16) + at(q, 16)) - c2);
    d += w * ((at(p, 24) + at(q, 24)) - d2);
  }
  *(float8 *)(target + i) = a;
  *(float8 *)(target + i + 8) = b;
  *(float8 *)(target + i + 16) = c;
  *(float8 *)(target + i + 24) = d;
}

INLINE void filter8(const float *const *middle, const float *weights, long reach, long i, float *target) {
  float8 a = at(*middle, i);
  const float8 a2 = a + a;
  for (long j = 1; j <= reach; j++) a += weights[j - 1] * ((at(middle[-j], i) + at(middle[j], i)) - a2);
  *(float8 *)(target + i) = a;
}

// The last step of a row overlaps the one before; what both compute is the same.
CLONES void ck_spline_filter(const float *const *rows, const float *weights, long reach, long count, float *target) {
  const float *const *middle = rows + reach;
  long i = 0;
  if (count >= 32) {
    for (; i + 32 <= count; i += 32) filter32(middle, weights, reach, i, target);
    if (i < count) filter32(middle, weights, reach, count - 32, target);
  } else if (count >= 8) {
    for (; i + 8 <= count; i += 8) filter8(middle, weights, reach, i, target);
    if (i < count) filter8(middle, weights, reach, count - 8, target);
  } else {
    for (; i < count; i++) {
      float a = middle[0][i];
      const float a2 = a + a;
      for (long j = 1; j <= reach; j++) a += weights[j - 1] * ((middle[-j][i] + middle[j][i]) - a2);
      target[i] = a;
    }
  }
}

CLONES void ck_spline_blend(const float *const *rows, const float *weights, long taps, long centre, long count,
                            float *target) {
  long i = 0;
  for (; i + 8 <= count; i += 8) {
    const float8 c = at(rows[centre], i);
    float8 sum = c;
    for (long j = 0; j < taps; j++) {
      if (j != centre) sum += weights[j] * (at(rows[j], i) - c);
    }
    *(float8 *)(target + i) = sum;
  }
  for (; i < count; i++) {
    const float c = rows[centre][i];
    float sum = c;
    for (long j = 0; j < taps; j++) {
      if (j != centre) sum += weights[j] * (rows[j][i] - c);
    }
    target[i] = sum;
  }
}

// The weights of 8 samples, but those of the middle, from how far their raised places lie beyond whole ones.
INLINE void weigh(const long order, const float8 f, float8 *w) {
  const float8 u = 1 - f;
  if (order == 2) {
    w[0] = 0.5f * u * u;
    w[2] = 0.5f * f * f;
  } else if (order == 3) {
    w[0] = u * u * u * (1 / 6.0f);
    w[2] = 2 / 3.0f - u * u * (1 - 0.5f * u);
    w[3] = f * f * f * (1 / 6.0f);
  } else if (order == 4) {
    const float8 u2 = u * u, f2 = f * f;
    w[0] = u2 * u2 * (1 / 24.0f);
    w[1] = (1 + u * (4 + u * (6 + u * (4 - 4 * u)))) * (1 / 24.0f);
    w[3] = (1 + f * (4 + f * (6 + f * (4 - 4 * f)))) * (1 / 24.0f);
    w[4] = f2 * f2 * (1 / 24.0f);
  } else {
    const float8 u2 = u * u, f2 = f * f;
    w[0] = u2 * u2 * u * (1 / 120.0f);
    w[1] = (26 + f * (-50 + f * (20 + f * (20 + f * (-20 + 5 * f))))) * (1 / 120.0f);
    w[3] = 0.55f + u2 * (-0.5f + u2 * (0.25f - u * (1 / 12.0f)));
    w[4] = (26 + u * (-50 + u * (20 + u * (20 + u * (-20 + 5 * u))))) * (1 / 120.0f);
    w[5] = f2 * f2 * f * (1 / 120.0f);
  }
}

// Four numbers of each of two samples, side by side.
INLINE float8 both(const float *p, const float *q) {
  const float4 a = *(const float4 *)p, b = *(const float4 *)q;
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}

// The same weights for all numbers of a sample.
INLINE float8 spread(const float *p, const float *q) {
  const float a = *p, b = *q;
  return (float8){a, a, a, a, b, b, b, b};
}

typedef struct {
  // of coefficient j along z and y, of 8 samples
  float z[6][8], y[6][8];
} group_weights;

// One sample's numbers along x, summed over z and y. Up to 4 coefficients along an axis go four numbers at a time, for two
// samples side by side; more go eight at a time.
INLINE float8 sum_rows(const long order, const long axes, const float *p, const float *q, const ck_strides strides,
                       const group_weights *w, long i, long j) {
  const long taps = order + 1, centre = order / 2;
  const int isNarrow = taps <= 4;
  float8 columns[6];
  for (long y = 0; y < (axes >= 2 ? taps : 1); y++) {
    const float *a = p + y * strides.row, *b = q + y * strides.row;
    const long middle = axes == 3 ? centre * strides.plane : 0;
    const float8 c = isNarrow ? both(a + middle, b + middle) : at(a, middle);
    float8 sum = c;
    if (axes == 3) {
#pragma clang loop unroll(full)
      for (long z = 0; z < taps; z++) {
        if (z == centre) continue;
        const long down = z * strides.plane;
        const float8 v = isNarrow ? both(a + down, b + down) : at(a, down);
        sum += spread(&w->z[z][i], &w->z[z][j]) * (v - c);
      }
    }
    columns[y] = sum;
  }
  if (axes < 2) return columns[0];
  const float8 c = columns[centre];
  float8 sum = c;
#pragma clang loop unroll(full)
  for (long y = 0; y < taps; y++) {
    if (y == centre) continue;
    sum += spread(&w->y[y][i], &w->y[y][j]) * (columns[y] - c);
  }
  return sum;
}

// In each half of vectors of 4 samples, the numbers of one place side by side.
INLINE void turn4(const float8 *v, float8 *c) {
  const float8 t0 = __builtin_shufflevector(v[0], v[1], 0, 8, 1, 9, 4, 12, 5, 13);
  const float8 t1 = __builtin_shufflevector(v[0], v[1], 2, 10, 3, 11, 6, 14, 7, 15);
  const float8 t2 = __builtin_shufflevector(v[2], v[3], 0, 8, 1, 9, 4, 12, 5, 13);
  const float8 t3 = __builtin_shufflevector(v[2], v[3], 2, 10, 3, 11, 6, 14, 7, 15);
  c[0] = __builtin_shufflevector(t0, t2, 0, 1, 8, 9, 4, 5, 12, 13);
  c[1] = __builtin_shufflevector(t0, t2, 2, 3, 10, 11, 6, 7, 14, 15);
  c[2] = __builtin_shufflevector(t1, t3, 0, 1, 8, 9, 4, 5, 12, 13);
  c[3] = __builtin_shufflevector(t1, t3, 2, 3, 10, 11, 6, 7, 14, 15);
}

INLINE void gather8(const long order, const long axes, const float *numbers, const ck_strides strides,
                    const int32_t *index, const float *fz, const float *fy, const float *fx, float *target) {
  const long taps = order + 1, centre = order / 2;
  const float *first = numbers - centre * ((axes == 3 ? strides.plane : 0) + (axes >= 2 ? strides.row : 0) + 1);
  group_weights w;
  float8 wx[6];
  weigh(order, at(fx, 0), wx);
  if (axes >= 2) weigh(order, at(fy, 0), (float8 *)w.y);
  if (axes == 3) weigh(order, at(fz, 0), (float8 *)w.z);
  float8 c[8];
  if (taps <= 4) {
    float8 v[4];
#pragma clang loop unroll(full)
    for (long i = 0; i < 4; i++) {
      v[i] = sum_rows(order, axes, first + index[i], first + index[i + 4], strides, &w, i, i + 4);
    }
    turn4(v, c);
  } else {
    float8 v[8], low[4], high[4];
    for (long i = 0; i < 8; i++) {
      v[i] = sum_rows(order, axes, first + index[i], first + index[i], strides, &w, i, i);
    }
    turn4(v, low);
    turn4(v + 4, high);
#pragma clang loop unroll(full)
    for (long k = 0; k < 4; k++) {
      c[k] = __builtin_shufflevector(low[k], high[k], 0, 1, 2, 3, 8, 9, 10, 11);
      c[k + 4] = __builtin_shufflevector(low[k], high[k], 4, 5, 6, 7, 12, 13, 14, 15);
    }
  }
  float8 sum = c[centre];
#pragma clang loop unroll(full)
  for (long x = 0; x < taps; x++) {
    if (x != centre) sum += wx[x] * (c[x] - c[centre]);
  }
  *(float8 *)target = sum;
}

INLINE void gather(const long order, const long axes, const float *numbers, const ck_strides strides,
                   const ck_taps *taps, long count, float *target) {
  long i = 0;
  for (; i + 8 <= count; i += 8) {
    gather8(order, axes, numbers, strides, taps->index + i, taps->fraction_z + i, taps->fraction_y + i,
            taps->fraction_x + i, target + i);
  }
  if (i == count) return;
  // the rest, filled up with samples of the same place
  const unsigned long rest = (unsigned long)(count - i);
  int32_t index[8];
  float f[3][8] = {{0}}, out[8];
  for (long k = 0; k < 8; k++) index[k] = taps->index[i];
  memcpy(index, taps->index + i, rest * sizeof *index);
  memcpy(f[2], taps->fraction_x + i, rest * sizeof(float));
  if (axes >= 2) memcpy(f[1], taps->fraction_y + i, rest * sizeof(float));
  if (axes == 3) memcpy(f[0], taps->fraction_z + i, rest * sizeof(float));
  gather8(order, axes, numbers, strides, index, f[0], f[1], f[2], out);
  memcpy(target + i, out, rest * sizeof(float));
}

#define GATHER(ORDER)                                                                                               \
  CLONES static void gather_##ORDER(long axes, const float *numbers, const ck_strides strides, const ck_taps *taps, \
                                    long count, float *target) {                                                    \
    if (axes == 1) {                                                                                                \
      gather(ORDER, 1, numbers, strides, taps, count, target);                                                      \
    } else if (axes == 2) {                                                                                         \
      gather(ORDER, 2, numbers, strides, taps, count, target);                                                      \
    } else {                                                                                                        \
      gather(ORDER, 3, numbers, strides, taps, count, target);                                                      \
    }                                                                                                               \
  }
GATHER(2)
GATHER(3)
GATHER(4)
GATHER(5)
#undef GATHER

void ck_spline_gather(long order, long axes, const float *numbers, const ck_strides strides, const ck_taps *taps,
                      long count, float *target) {
  switch (order) {
    case 2: return gather_2(axes, numbers, strides, taps, count, target);
    case 3: return gather_3(axes, numbers, strides, taps, count, target);
    case 4: return gather_4(axes, numbers, strides, taps, count, target);
    default: return gather_5(axes, numbers, strides, taps, count, target);
  }
}
