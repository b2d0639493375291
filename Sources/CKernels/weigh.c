// Blending weights of rows; `BlendingRamp` and `ProductRamp` say what they are, in the same words one by one.
#include "CKernels.h"
#include "arithmetic.h"

INLINE float folded(double p, double length, double density) {
  const double low = p + 1, high = length - p;
  return (float)((low < high ? low : high) * density);
}

INLINE float near_hat(float t) { return t < 2 - t ? t : 2 - t; }
INLINE float far_hat(float t) { return t - 1 > 0 ? t - 1 : 0; }

CLONES void ck_weigh_line(const ck_ramp *ramp, const ck_line *line, double x, long count, float *target) {
  const double sz = line->start[0], sy = line->start[1], sx = line->start[2];
  const double mz = line->slope[0], my = line->slope[1], mx = line->slope[2];
  const double lz = ramp->length[0], ly = ramp->length[1], lx = ramp->length[2];
  const double dz = ramp->density[0], dy = ramp->density[1], dx = ramp->density[2];
  const float n0 = ramp->nodes[0], n1 = ramp->nodes[1], n2 = ramp->nodes[2], n3 = ramp->nodes[3];
  const float n4 = ramp->nodes[4], n5 = ramp->nodes[5], n6 = ramp->nodes[6], n7 = ramp->nodes[7];
  const int in_z = ramp->blends[0], in_y = ramp->blends[1], in_x = ramp->blends[2];
  float *restrict out = target;
  for (int i = 0; i < (int)count; i++) {
    const double at = x + (double)i;
    const float tz = in_z ? folded(sz + mz * at, lz, dz) : 1;
    const float ty = in_y ? folded(sy + my * at, ly, dy) : 1;
    const float tx = in_x ? folded(sx + mx * at, lx, dx) : 1;
    const float zn = near_hat(tz), zf = far_hat(tz);
    const float yn = near_hat(ty), yf = far_hat(ty);
    const float near = zn * (yn * n0 + yf * n2) + zf * (yn * n4 + yf * n6);
    const float far = zn * (yn * n1 + yf * n3) + zf * (yn * n5 + yf * n7);
    out[i] = weight(near * near_hat(tx) + far * far_hat(tx));
  }
}

CLONES void ck_weigh_hats(float near, float far, const float *near_hats, const float *far_hats, long count,
                          float *target) {
  float *restrict out = target;
  for (long i = 0; i < count; i++) out[i] = weight(near * near_hats[i] + far * far_hats[i]);
}

INLINE float factor(double p, double last, double border, double density) {
  const double high = last - p;
  const double d = ((p < high ? p : high) - border) * density;
  return weight(d > 0 ? (float)d : 0);
}

CLONES void ck_weigh_product(const ck_product *ramp, const ck_line *line, double x, long count, float *target) {
  const double sz = line->start[0], sy = line->start[1], sx = line->start[2];
  const double mz = line->slope[0], my = line->slope[1], mx = line->slope[2];
  const double lz = ramp->last[0], ly = ramp->last[1], lx = ramp->last[2];
  const double bz = ramp->border[0], by = ramp->border[1], bx = ramp->border[2];
  const double dz = ramp->density[0], dy = ramp->density[1], dx = ramp->density[2];
  const int in_z = ramp->blends[0], in_y = ramp->blends[1], in_x = ramp->blends[2];
  float *restrict out = target;
  for (int i = 0; i < (int)count; i++) {
    const double at = x + (double)i;
    const float fz = in_z ? factor(sz + mz * at, lz, bz, dz) : 1;
    const float fy = in_y ? factor(sy + my * at, ly, by, dy) : 1;
    const float fx = in_x ? factor(sx + mx * at, lx, bx, dx) : 1;
    const float w = (fz * fy) * fx;
    out[i] = w > 1e-30f ? w : 1e-30f;
  }
}
