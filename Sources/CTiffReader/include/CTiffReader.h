// Reading TIFF files through libtiff, whose calls for tags are variadic and whose messages go to one handler for the
// whole process: here each open file keeps its own. A file is used by one thread at a time.
#ifndef CTIFFREADER_H
#define CTIFFREADER_H

#include <stddef.h>
#include <stdint.h>

typedef struct ctiff ctiff;

/// What the tags of a directory say that its voxels are.
typedef struct {
  uint32_t width, height, depth;
  uint16_t bits, samples, format, compression, planar, photometric, fill_order;
  /// What the first sample beyond those of the colours is: 1 or 2 for opacity, 0 for anything else or none.
  uint16_t extra_sample;
  int is_tiled;
  /// The size of a tile, or of a strip: the image's width, and rows.
  uint32_t block_width, block_height;
  /// Decoded, of a tile or of a whole strip; 0 where libtiff finds no sense in it.
  uint64_t block_byte_count;
  uint32_t block_count;
  uint16_t resolution_unit;
  /// 0 where there is no such tag.
  double x_resolution, y_resolution;
} ctiff_directory;

/// Opens a file without looking at its first directory. Returns NULL, with errno in `number` where a system call failed,
/// else 0 and libtiff's words in `message`.
ctiff *ctiff_open(const char *path, int *number, char *message, size_t message_size);
void ctiff_close(ctiff *file);

/// 1 where the file's numbers have the byte order of this machine.
int ctiff_is_native(const ctiff *file);
uint64_t ctiff_byte_count(const ctiff *file);
/// Up to `count` bytes from `offset`; less only where the file ends. Returns -1 with errno in `ctiff_errno`.
int64_t ctiff_pread(ctiff *file, void *buffer, size_t count, uint64_t offset);

/// Makes the directory at `offset` the current one. Returns 1, or 0 with the reason in `ctiff_message`.
int ctiff_select(ctiff *file, uint64_t offset);
void ctiff_describe(ctiff *file, ctiff_directory *directory);
/// The ImageDescription of the current directory, until another one is selected; NULL where it has none.
const char *ctiff_description(ctiff *file);
/// The value of a tag of the current directory that libtiff has no name for, where it is a list of bytes or of longs; until
/// another directory is selected; else NULL.
const uint8_t *ctiff_byte_list(ctiff *file, uint32_t tag, uint32_t *count);
const uint32_t *ctiff_long_list(ctiff *file, uint32_t tag, uint32_t *count);
/// Red, green and blue of the first and of the last entry of the current directory's palette. Returns 0 where it has none.
int ctiff_palette_ends(ctiff *file, uint16_t first[3], uint16_t last[3]);
/// Whether this libtiff decodes a compression.
int ctiff_can_decode(uint16_t compression);

/// Where a tile or strip of the current directory is in the file, and its bytes there. Returns 1, or 0 with the reason.
int ctiff_locate(ctiff *file, uint32_t block, uint64_t *offset, uint64_t *byte_count);
/// Decodes a tile or strip. Returns the bytes decoded, or -1 with the reason in `ctiff_message`.
int64_t ctiff_read_block(ctiff *file, uint32_t block, void *buffer, int64_t count);

/// libtiff's words on what failed last.
const char *ctiff_message(const ctiff *file);
/// The errno of a system call that failed during the last call; else 0.
int ctiff_errno(const ctiff *file);

#endif
