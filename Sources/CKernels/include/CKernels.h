#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

/// The loops in which fusing spends its time, for single precision.
///
/// On x86-64 Linux each is compiled for several instruction sets and the loader picks one. The results are the same
/// bits for all: there are no sums across lanes, the order of every sum is written down, and products are never fused
/// with sums. Lengths are the caller's to know; nothing is checked.

/// The pixel coordinates along a row of the output, z, y, x: `start + slope * x`.
typedef struct {
  double start[3];
  double slope[3];
} ck_line;

/// Where the samples of a row lie in a patch: the index of the lower corner, and the fractions.
typedef struct {
  int32_t *index;
  float *fraction_z;
  float *fraction_y;
  float *fraction_x;
} ck_taps;

/// Indices and fractions of `count` samples from x on. Coordinates are at least 0 and below 2^28.
///
/// `index = z * plane_stride + y * row_stride + x - first`, modulo 2^32.
void ck_locate_volume(const ck_line *line, uint32_t plane_stride, uint32_t row_stride, uint32_t first, double x,
                      long count, const ck_taps *taps);
/// The same without z.
void ck_locate_plane(const ck_line *line, uint32_t row_stride, uint32_t first, double x, long count,
                     const ck_taps *taps);

/// Linear samples of a volume: blended along z, then y, then x, each as `a + f * (b - a)`.
///
/// What lies `ahead` numbers away is fetched into the cache meanwhile; it may lie outside the volume.
void ck_gather_volume(const float *volume, long row_stride, long plane_stride, long ahead, const ck_taps *taps,
                      long count, float *target);
/// Linear samples of a plane.
void ck_gather_plane(const float *plane, long row_stride, const ck_taps *taps, long count, float *target);

/// What a view's blending weights depend on; see `BlendingRamp`.
typedef struct {
  double length[3];
  double density[3];
  /// Distances at the nodes [z][y][x].
  float nodes[8];
  /// Whether z, y and x have a part in the weight.
  int blends[3];
} ck_ramp;

/// Blending weights along a line through a view, from x on.
void ck_weigh_line(const ck_ramp *ramp, const ck_line *line, double x, long count, float *target);
/// Blending weights of distances `near * near_hats + far * far_hats`.
void ck_weigh_hats(float near, float far, const float *near_hats, const float *far_hats, long count, float *target);

/// The weights of a view as products of a ramp along each axis; see `ProductRamp`.
typedef struct {
  double last[3];
  double border[3];
  double density[3];
  /// Whether z, y and x have a part in the weight.
  int blends[3];
} ck_product;

/// Such weights along a line through a view, from x on.
void ck_weigh_product(const ck_product *ramp, const ck_line *line, double x, long count, float *target);

/// `target[i] = w[0] c[i] + w[1] (c-1[i] + c+1[i]) + w[2] (c-2[i] + c+2[i]) + …` for i in first..<end, added up in
/// this order; `rows` are the 2 * radius + 1 rows of the window.
void ck_convolve(const float *const *rows, const float *weights, long radius, long first, long end, float *target);

/// The same for two rows at once, the window of the second beginning one row later.
void ck_convolve_two(const float *const *rows, const float *weights, long radius, long first, long end, float *target,
                     float *next);

/// `(v - s / n)^2`, and 0 where the difference is no more than what rounding leaves of a flat place.
void ck_detail(const float *values, const float *smooth, const float *norm, long count, float *target);

/// `target[r][c] = m[r][0] s[0][c] + m[r][1] s[1][c] + …`, added up in this order. Rows of the matrix are `inner` numbers
/// apart, those of the source `from`, those of the target `to`. The target is none of the others.
void ck_multiply(const float *matrix, long rows, long inner, const float *source, long from, long columns,
                 float *target, long to);

/// How many of some values are numbers, neither NaN nor infinite, and the least of those.
long ck_count_numbers(const float *values, long count, float *least);
/// Puts a number where there is none.
void ck_fill_gaps(float *values, long count, float value);
/// Takes `base` from all values; the sum of what is left, and of its squares: of every eighth value, then of those eight.
void ck_centre(float *values, long count, float base, double *sum, double *squares);

/// Elements from a row, or a plane, to the next.
typedef struct {
  long row, plane;
} ck_strides;

/// A filter of rows that leaves constants as they are: `target[i] = c[i] + w[0] ((c-1[i] + c+1[i]) - 2 c[i]) + w[1] ((c-2[i]
/// + c+2[i]) - 2 c[i]) + …`, added up in this order; `rows` are the 2 * reach + 1 rows of the window.
void ck_spline_filter(const float *const *rows, const float *weights, long reach, long count, float *target);
/// `c[i] + w[0] (r0[i] - c[i]) + w[1] (r1[i] - c[i]) + …`, c being the row at place `centre`; the target is none of them.
void ck_spline_blend(const float *const *rows, const float *weights, long taps, long centre, long count, float *target);
/// Samples of the B-spline of an order from 2 to 5, summed along z, then y, then x, each as by `ck_spline_blend`. With `axes` 2
/// there is no z, with 1 no y.
///
/// `index` is that of the coefficient at place order / 2 of each axis. Rows are read up to 5 numbers beyond those needed.
void ck_spline_gather(long order, long axes, const float *numbers, ck_strides strides, const ck_taps *taps, long count,
                      float *target);

/// `depth` x `height` x `width` windows of `z` (1 or 2) by `y` (1 or 2) by 2 voxels.
typedef struct {
  long z, y;
  long depth, height, width;
} ck_windows;
/// Means of windows, truncated; one voxel of the target each.
void ck_halve_u8(const uint8_t *source, ck_strides from, uint8_t *target, ck_strides to, ck_windows windows);
void ck_halve_u16(const uint16_t *source, ck_strides from, uint16_t *target, ck_strides to, ck_windows windows);

/// `a + fraction * (b - a)` of two rows. The target is none of them.
void ck_blend(const float *a, const float *b, float fraction, long count, float *target);

/// Voxels as numbers.
void ck_convert_u8(const uint8_t *source, long count, float *target);
void ck_convert_u16(const uint16_t *source, long count, float *target);
/// `a + fraction * (b - a)` of two rows of voxels.
void ck_blend_u8(const uint8_t *a, const uint8_t *b, float fraction, long count, float *target);
void ck_blend_u16(const uint16_t *a, const uint16_t *b, float fraction, long count, float *target);
/// Numbers as voxels: rounded, halves to even, saturated; NaN becomes 0.
void ck_store_u8(const float *row, long count, uint8_t *target);
void ck_store_u16(const float *row, long count, uint16_t *target);

/// How far samples lie beyond whole voxels, along z, y, x.
typedef struct {
  float z, y, x;
} ck_fractions;
/// `height` rows of `count` linear samples of a view shifted by `fraction`: blended along z, then y, then x, each as
/// `a + fraction * (b - a)`, and stored as above, rows of the target `to` voxels apart. `rows` are 3 * (count + 1)
/// numbers to work in.
void ck_shift_u8(const uint8_t *source, ck_strides from, ck_fractions fraction, long height, long count,
                 uint8_t *target, long to, float *rows);
void ck_shift_u16(const uint16_t *source, ck_strides from, ck_fractions fraction, long height, long count,
                  uint16_t *target, long to, float *rows);

/// A view shifted by `fraction`, and what its blending weights depend on: in row y the distances are
/// `distances[2 * y] * near_hats + distances[2 * y + 1] * far_hats`.
typedef struct {
  const void *voxels;
  ck_strides from;
  ck_fractions fraction;
  const float *near_hats, *far_hats, *distances;
} ck_shifted_view;
/// Weighted averages of views, sampled as by `ck_shift_u8`, added up in the order of the views; beyond the distance
/// `certain` a weight is 1. Rows have at least one voxel. `rows` are (2 * view_count + 4) * (count + 1) numbers to work in.
void ck_average_u8(const ck_shifted_view *views, long view_count, float certain, long height, long count,
                   uint8_t *target, long to, float *rows);
void ck_average_u16(const ck_shifted_view *views, long view_count, float certain, long height, long count,
                    uint16_t *target, long to, float *rows);

#endif
