// The few calls of libhdf5 that reading needs, with plain types. Not thread safe, as the library is not: callers take
// turns. Handles are numbers from 0 up; negative is failure, of which chdf5_error tells.
#pragma once
#include <stdint.h>

#define CHDF5_MAX_RANK 8
#define CHDF5_MAX_FILTERS 8
#define CHDF5_MAX_VALUES 8

enum chdf5_layout { CHDF5_CONTIGUOUS, CHDF5_CHUNKED, CHDF5_OTHER };
enum chdf5_class { CHDF5_INTEGER, CHDF5_FLOAT, CHDF5_OTHER_CLASS };

struct chdf5_filter {
  int32_t id;
  // its parameters, as many as fit
  int32_t value_count;
  uint32_t values[CHDF5_MAX_VALUES];
  // whether the library itself can apply it
  int32_t is_available;
  char name[64];
};

struct chdf5_info {
  int32_t rank;
  uint64_t dims[CHDF5_MAX_RANK];
  uint64_t chunk[CHDF5_MAX_RANK];
  int32_t layout;
  // where a contiguous array begins in the file; UINT64_MAX: nowhere yet, or in another file
  uint64_t offset;
  int32_t type_class;
  int32_t byte_count;
  int32_t is_signed;
  int32_t is_big_endian;
  // whether all bits of an element count, as in memory
  int32_t is_plain;
  int32_t filter_count;
  struct chdf5_filter filters[CHDF5_MAX_FILTERS];
  // one element in the file's byte order: what is not stored
  uint8_t fill[16];
};

// A part of a data set whose voxels are not in its own file.
struct chdf5_source {
  // as the data set names it; "." is its own
  char file[2048];
  // of a virtual data set the source; "": a raw file
  char dataset[1024];
  // of a raw file, where its part begins and how long it is; UINT64_MAX: as long as the file
  uint64_t offset;
  uint64_t byte_count;
  // of a virtual data set: the axes of the box that the source fills, and the first and last voxel along each; 0 axes
  // where the box has no end
  int32_t rank;
  uint64_t lower[CHDF5_MAX_RANK];
  uint64_t upper[CHDF5_MAX_RANK];
};

const char *chdf5_version(void);
// of the last call that failed
const char *chdf5_error(void);
// What the system said when it failed; 0: nothing.
int chdf5_errno(void);

int64_t chdf5_open_file(const char *path);
void chdf5_close_file(int64_t file);
// 0: nothing, 1: a group, 2: a data set, 3: something else; negative: something that cannot be opened
int chdf5_kind(int64_t file, const char *path);
// The other file that a link on the way to a path leads to; 0: there is no such link.
int chdf5_link_file(int64_t file, const char *path, char *name, int size);
int64_t chdf5_open_dataset(int64_t file, const char *path, struct chdf5_info *info);
void chdf5_close_dataset(int64_t dataset);
// The file that holds a data set, which may be another one than it was opened through; 0: not known.
int chdf5_file_name(int64_t dataset, char *name, int size);
// The stored bytes of the chunk that begins at an element; 0: not stored; negative: nobody knows.
int64_t chdf5_chunk_size(int64_t dataset, const uint64_t *offset);
// Reads them as they are; `skipped` has a bit for each filter that was not applied.
int chdf5_read_chunk(int64_t dataset, const uint64_t *offset, uint32_t *skipped, void *buffer);
// Reads a box through the library's own filters, in the file's byte order.
int chdf5_read_box(int64_t dataset, const uint64_t *offset, const uint64_t *count, void *buffer);
// Reads a whole two-dimensional data set as doubles; gives its rows and columns, at most `limit` numbers.
int chdf5_read_table(int64_t file, const char *path, double *values, int limit, int *rows, int *columns);
// An attribute of a data set: 0: there is none, 1: a number, 2: a text, which is cut to `size` bytes; negative: it cannot be read,
// or is neither.
int chdf5_attribute(int64_t file, const char *path, const char *name, double *value, char *text, int size);
// What a data set was made with, to ask for its sources; to be closed.
int64_t chdf5_open_creation(int64_t dataset);
void chdf5_close_creation(int64_t creation);
int64_t chdf5_source_count(int64_t creation);
int chdf5_source(int64_t creation, int64_t i, struct chdf5_source *source);
