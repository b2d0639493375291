// Planes of views that are shifted by parts of voxels, straight into voxels of their own type.
#include <stdint.h>

#include "CKernels.h"
#include "arithmetic.h"

// Rows of a view lie apart by the view's width, so that processors are slow to guess the next one: it is asked for this
// many rows before its turn. It may lie outside the view, which harms nothing.
enum { rows_ahead = 4, line_byte_count = 64 };
INLINE void fetch(uintptr_t row, long byte_count) {
  const uintptr_t end = row + (uintptr_t)byte_count;
  for (uintptr_t line = row & ~(uintptr_t)(line_byte_count - 1); line < end; line += line_byte_count)
    __builtin_prefetch((const void *)line);
}

// What has a fraction of 0 is not read: it may lie outside the view.
INLINE long row_length(ck_fractions fraction, long count) { return fraction.x == 0 ? count : count + 1; }

// Adds weighted values and their weights to sums; the first ones begin them.
INLINE void add(const float *values, float near, float far, const float *near_hats, const float *far_hats,
                float certain, long count, int is_first, float *values_sum, float *weights_sum) {
  float *restrict sum = values_sum, *restrict weight_sum = weights_sum;
  const long last = count - 1;
  const float a = near * near_hats[0] + far * far_hats[0], b = near * near_hats[last] + far * far_hats[last];
  // along x the distance rises to the middle and then falls, so its least is at an end; beyond it all weights are 1
  const int is_one = (a < b ? a : b) > certain;
  if (is_one && is_first) {
    for (long i = 0; i < count; i++) sum[i] = values[i];
    for (long i = 0; i < count; i++) weight_sum[i] = 1;
  } else if (is_one) {
    for (long i = 0; i < count; i++) sum[i] = sum[i] + values[i];
    for (long i = 0; i < count; i++) weight_sum[i] = weight_sum[i] + 1;
  } else if (is_first) {
    for (long i = 0; i < count; i++) {
      const float w = weight(near * near_hats[i] + far * far_hats[i]);
      sum[i] = w * values[i];
      weight_sum[i] = w;
    }
  } else {
    for (long i = 0; i < count; i++) {
      const float w = weight(near * near_hats[i] + far * far_hats[i]);
      sum[i] = sum[i] + w * values[i];
      weight_sum[i] = weight_sum[i] + w;
    }
  }
}

#define SHIFT(NAME, TYPE, UPPER)                                                                               \
  INLINE void blend_planes_##NAME(const TYPE *source, long plane, float fraction, long count, float *target) { \
    if (fraction == 0)                                                                                         \
      convert_##NAME(source, count, target);                                                                   \
    else                                                                                                       \
      blend_##NAME(source, source + plane, fraction, count, target);                                           \
  }                                                                                                            \
                                                                                                               \
  /* Row y blended along z, then y. `pair` has rows blended along z, kept from one y to the next. */           \
  INLINE const float *blended_row_##NAME(const TYPE *source, ck_strides from, ck_fractions fraction, long y,   \
                                         long count, long width, float *pair, float *between) {                \
    const long size = (long)sizeof(TYPE);                                                                      \
    const uintptr_t later = (uintptr_t)source + (uintptr_t)((y + rows_ahead) * from.row * size);               \
    fetch(later, count * size);                                                                                \
    if (fraction.z != 0) fetch(later + (uintptr_t)(from.plane * size), count * size);                          \
    float *const row = pair + (y & 1) * width, *const next = pair + (~y & 1) * width;                          \
    if (y == 0 || fraction.y == 0)                                                                             \
      blend_planes_##NAME(source + y * from.row, from.plane, fraction.z, count, row);                          \
    if (fraction.y == 0) return row;                                                                           \
    blend_planes_##NAME(source + (y + 1) * from.row, from.plane, fraction.z, count, next);                     \
    blend_numbers(row, next, fraction.y, count, between);                                                      \
    return between;                                                                                            \
  }                                                                                                            \
                                                                                                               \
  CLONES void ck_shift_##NAME(const TYPE *source, ck_strides from, ck_fractions fraction, long height,         \
                              long count, TYPE *target, long to, float *rows) {                                \
    const long read = row_length(fraction, count), width = count + 1;                                          \
    for (long y = 0; y < height; y++) {                                                                        \
      const float *row =                                                                                       \
          blended_row_##NAME(source, from, fraction, y, read, width, rows, rows + 2 * width);                  \
      TYPE *restrict out = target + y * to;                                                                    \
      if (fraction.x == 0)                                                                                     \
        store_##NAME(row, count, out);                                                                         \
      else                                                                                                     \
        for (long i = 0; i < count; i++) out[i] = (TYPE)rounded(lerp(row[i], row[i + 1], fraction.x), UPPER);  \
    }                                                                                                          \
  }                                                                                                            \
                                                                                                               \
  CLONES void ck_average_##NAME(const ck_shifted_view *views, long view_count, float certain, long height,     \
                                long count, TYPE *target, long to, float *rows) {                              \
    const long width = count + 1;                                                                              \
    float *const between = rows + 2 * view_count * width, *const sample = between + width;                     \
    float *const sum = sample + width, *const weight_sum = sum + width;                                        \
    for (long y = 0; y < height; y++) {                                                                        \
      for (long k = 0; k < view_count; k++) {                                                                  \
        const ck_shifted_view view = views[k];                                                                 \
        const float *values = blended_row_##NAME(view.voxels, view.from, view.fraction, y,                     \
                                                 row_length(view.fraction, count), width,                      \
                                                 rows + 2 * k * width, between);                               \
        if (view.fraction.x != 0) {                                                                            \
          blend_numbers(values, values + 1, view.fraction.x, count, sample);                                   \
          values = sample;                                                                                     \
        }                                                                                                      \
        add(values, view.distances[2 * y], view.distances[2 * y + 1], view.near_hats, view.far_hats, certain,  \
            count, k == 0, sum, weight_sum);                                                                   \
      }                                                                                                        \
      TYPE *restrict out = target + y * to;                                                                    \
      for (long i = 0; i < count; i++) out[i] = (TYPE)rounded(sum[i] / weight_sum[i], UPPER);                  \
    }                                                                                                          \
  }

SHIFT(u8, uint8_t, 255.0f)
SHIFT(u16, uint16_t, 65535.0f)
