// Samples of rows whose maps mix axes: first where they lie, then their corners, gathered and blended.
#include <stdint.h>
#include <string.h>

#include "CKernels.h"
#include "arithmetic.h"

typedef float float4 __attribute__((vector_size(16), aligned(4)));
typedef float float8 __attribute__((vector_size(32), aligned(4)));
typedef double double4 __attribute__((vector_size(32)));

// A coordinate below 2^28, added to 2^28, has its whole part and 24 bits of its fraction, as many as a float takes,
// side by side in the low 52 bits.
static const double magic = 268435456.0;

INLINE uint64_t placed(double start, double slope, double at) {
  double p = (start + slope * at) + magic;
  uint64_t bits;
  memcpy(&bits, &p, sizeof bits);
  return bits;
}

INLINE uint32_t whole(uint64_t bits) { return (uint32_t)(bits >> 24) & 0xfffffff; }
INLINE float fraction(uint64_t bits) { return (float)(int32_t)(bits & 0xffffff) * 0x1p-24f; }

CLONES void ck_locate_volume(const ck_line *line, uint32_t plane_stride, uint32_t row_stride, uint32_t first, double x,
                             long count, const ck_taps *taps) {
  const double sz = line->start[0], sy = line->start[1], sx = line->start[2];
  const double mz = line->slope[0], my = line->slope[1], mx = line->slope[2];
  int32_t *restrict index = taps->index;
  float *restrict fz = taps->fraction_z, *restrict fy = taps->fraction_y, *restrict fx = taps->fraction_x;
  for (int32_t i = 0; i < (int32_t)count; i++) {
    const double at = x + (double)i;
    const uint64_t pz = placed(sz, mz, at), py = placed(sy, my, at), px = placed(sx, mx, at);
    fz[i] = fraction(pz);
    fy[i] = fraction(py);
    fx[i] = fraction(px);
    index[i] = (int32_t)(whole(pz) * plane_stride + whole(py) * row_stride + whole(px) - first);
  }
}

CLONES void ck_locate_plane(const ck_line *line, uint32_t row_stride, uint32_t first, double x, long count,
                            const ck_taps *taps) {
  const double sy = line->start[1], sx = line->start[2];
  const double my = line->slope[1], mx = line->slope[2];
  int32_t *restrict index = taps->index;
  float *restrict fy = taps->fraction_y, *restrict fx = taps->fraction_x;
  for (int32_t i = 0; i < (int32_t)count; i++) {
    const double at = x + (double)i;
    const uint64_t py = placed(sy, my, at), px = placed(sx, mx, at);
    fy[i] = fraction(py);
    fx[i] = fraction(px);
    index[i] = (int32_t)(whole(py) * row_stride + whole(px) - first);
  }
}

INLINE double pair(const float *p) {
  double both;
  memcpy(&both, p, sizeof both);
  return both;
}

// Neighbours along x of 4 samples, side by side, each loaded as one.
INLINE float8 pairs(const float *p0, const float *p1, const float *p2, const float *p3, long offset) {
  const double4 four = {pair(p0 + offset), pair(p1 + offset), pair(p2 + offset), pair(p3 + offset)};
  return (float8)four;
}

INLINE float8 twice(const float *fractions) {
  const float4 f = *(const float4 *)fractions;
  return __builtin_shufflevector(f, f, 0, 0, 1, 1, 2, 2, 3, 3);
}

INLINE float8 blend(float8 a, float8 b, float8 f) { return a + f * (b - a); }

INLINE float8 volume_pairs(const float *volume, long down, long deep, const ck_taps *taps, long i) {
  const float *p0 = volume + taps->index[i], *p1 = volume + taps->index[i + 1];
  const float *p2 = volume + taps->index[i + 2], *p3 = volume + taps->index[i + 3];
  const float8 fz = twice(taps->fraction_z + i);
  const float8 upper = blend(pairs(p0, p1, p2, p3, 0), pairs(p0, p1, p2, p3, deep), fz);
  const float8 lower = blend(pairs(p0, p1, p2, p3, down), pairs(p0, p1, p2, p3, down + deep), fz);
  return blend(upper, lower, twice(taps->fraction_y + i));
}

INLINE float8 plane_pairs(const float *plane, long down, const ck_taps *taps, long i) {
  const float *p0 = plane + taps->index[i], *p1 = plane + taps->index[i + 1];
  const float *p2 = plane + taps->index[i + 2], *p3 = plane + taps->index[i + 3];
  return blend(pairs(p0, p1, p2, p3, 0), pairs(p0, p1, p2, p3, down), twice(taps->fraction_y + i));
}

// The last step, along x, of 8 samples.
INLINE void blend_pairs(float8 first, float8 last, const float *fractions, float *target) {
  const float8 a = __builtin_shufflevector(first, last, 0, 2, 4, 6, 8, 10, 12, 14);
  const float8 b = __builtin_shufflevector(first, last, 1, 3, 5, 7, 9, 11, 13, 15);
  *(float8 *)target = blend(a, b, *(const float8 *)fractions);
}

CLONES void ck_gather_volume(const float *volume, long row_stride, long plane_stride, long ahead, const ck_taps *taps,
                             long count, float *target) {
  const uintptr_t next = (uintptr_t)volume + (uintptr_t)(ahead * (long)sizeof(float));
  long i = 0;
  for (; i + 8 <= count; i += 8) {
    __builtin_prefetch((const void *)(next + (uintptr_t)(taps->index[i] * (long)sizeof(float))), 0, 2);
    blend_pairs(volume_pairs(volume, row_stride, plane_stride, taps, i),
                volume_pairs(volume, row_stride, plane_stride, taps, i + 4), taps->fraction_x + i, target + i);
  }
  for (; i < count; i++) {
    const float *p = volume + taps->index[i], *q = p + plane_stride;
    const float fz = taps->fraction_z[i], fy = taps->fraction_y[i];
    const float a = lerp(lerp(p[0], q[0], fz), lerp(p[row_stride], q[row_stride], fz), fy);
    const float b = lerp(lerp(p[1], q[1], fz), lerp(p[row_stride + 1], q[row_stride + 1], fz), fy);
    target[i] = lerp(a, b, taps->fraction_x[i]);
  }
}

CLONES void ck_gather_plane(const float *plane, long row_stride, const ck_taps *taps, long count, float *target) {
  long i = 0;
  for (; i + 8 <= count; i += 8) {
    blend_pairs(plane_pairs(plane, row_stride, taps, i), plane_pairs(plane, row_stride, taps, i + 4),
                taps->fraction_x + i, target + i);
  }
  for (; i < count; i++) {
    const float *p = plane + taps->index[i];
    const float fy = taps->fraction_y[i];
    target[i] = lerp(lerp(p[0], p[row_stride], fy), lerp(p[1], p[row_stride + 1], fy), taps->fraction_x[i]);
  }
}
