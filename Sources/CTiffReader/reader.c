#include "CTiffReader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

struct ctiff {
  int descriptor;
  uint64_t position;
  uint64_t byte_count;
  uint64_t selected;
  TIFF *tiff;
  int number;
  char message[400];
};

/// Keeps the first words after a call began: what comes later only follows from it.
static void keep_message(thandle_t data, const char *module, const char *format, va_list arguments) {
  (void)module;
  ctiff *file = data;
  if (file && !file->message[0]) vsnprintf(file->message, sizeof file->message, format, arguments);
}

static void set_handlers(void) {
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  TIFFSetErrorHandlerExt(keep_message);
}

static void begin(ctiff *file) {
  file->message[0] = 0;
  file->number = 0;
}

int64_t ctiff_pread(ctiff *file, void *buffer, size_t count, uint64_t offset) {
  size_t done = 0;
  while (done < count) {
    // some systems refuse to read 2 GiB at once
    size_t wanted = count - done < ((size_t)1 << 30) ? count - done : (size_t)1 << 30;
    ssize_t got = pread(file->descriptor, (char *)buffer + done, wanted, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      file->number = errno;
      return -1;
    }
    if (got == 0) break;
    done += (size_t)got;
  }
  return (int64_t)done;
}

static tmsize_t read_here(thandle_t data, void *buffer, tmsize_t count) {
  ctiff *file = data;
  int64_t got = ctiff_pread(file, buffer, (size_t)count, file->position);
  if (got > 0) file->position += (uint64_t)got;
  return got;
}

static tmsize_t write_here(thandle_t data, void *buffer, tmsize_t count) {
  (void)data, (void)buffer, (void)count;
  return -1;
}

static toff_t seek_to(thandle_t data, toff_t offset, int whence) {
  ctiff *file = data;
  switch (whence) {
  case SEEK_SET: file->position = offset; break;
  case SEEK_CUR: file->position += offset; break;
  case SEEK_END: file->position = file->byte_count + offset; break;
  default: return (toff_t)-1;
  }
  return file->position;
}

static int close_later(thandle_t data) {
  (void)data;
  return 0;
}

static toff_t size_of(thandle_t data) { return ((ctiff *)data)->byte_count; }

ctiff *ctiff_open(const char *path, int *number, char *message, size_t message_size) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, set_handlers);
  *number = 0;
  message[0] = 0;
  ctiff *file = calloc(1, sizeof *file);
  if (!file) {
    *number = ENOMEM;
    return NULL;
  }
  // a FIFO would be waited for
  do file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  while (file->descriptor < 0 && errno == EINTR);
  if (file->descriptor < 0) {
    *number = errno;
    free(file);
    return NULL;
  }
  struct stat status;
  if (fstat(file->descriptor, &status) != 0) *number = errno;
  else if (!S_ISREG(status.st_mode)) *number = EISDIR;
  if (*number) {
    close(file->descriptor);
    free(file);
    return NULL;
  }
  file->byte_count = (uint64_t)status.st_size;
  // h: only the header; m: not mapped into memory; c: strips as they are, not cut into smaller ones;
  // O: of long lists of strips and tiles only what is needed
  file->tiff = TIFFClientOpen(
      path, "rhmcO", file, read_here, write_here, seek_to, close_later, size_of, NULL, NULL);
  if (!file->tiff) {
    *number = file->number;
    snprintf(message, message_size, "%s", file->message);
    close(file->descriptor);
    free(file);
    return NULL;
  }
  return file;
}

void ctiff_close(ctiff *file) {
  TIFFClose(file->tiff);
  close(file->descriptor);
  free(file);
}

int ctiff_is_native(const ctiff *file) { return !TIFFIsByteSwapped(file->tiff); }

uint64_t ctiff_byte_count(const ctiff *file) { return file->byte_count; }

int ctiff_select(ctiff *file, uint64_t offset) {
  begin(file);
  if (file->selected == offset && offset) return 1;
  file->selected = 0;
  if (!TIFFSetSubDirectory(file->tiff, offset)) return 0;
  uint16_t compression = 0, photometric = 0;
  TIFFGetFieldDefaulted(file->tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetField(file->tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  // three whole samples a pixel, whatever the file keeps
  if (compression == COMPRESSION_JPEG && photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(file->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  file->selected = offset;
  return 1;
}

void ctiff_describe(ctiff *file, ctiff_directory *d) {
  TIFF *tiff = file->tiff;
  begin(file);
  memset(d, 0, sizeof *d);
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &d->width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &d->height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGEDEPTH, &d->depth);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &d->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &d->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &d->format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &d->compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &d->planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_FILLORDER, &d->fill_order);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &d->photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &d->resolution_unit);
  uint16_t extra_count = 0, *extra = NULL;
  if (TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) && extra_count > 0 && extra) {
    d->extra_sample = extra[0];
  }
  float resolution = 0;
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &resolution)) d->x_resolution = resolution;
  if (TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &resolution)) d->y_resolution = resolution;
  d->is_tiled = TIFFIsTiled(tiff);
  if (d->is_tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &d->block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &d->block_height);
    d->block_byte_count = TIFFTileSize64(tiff);
    d->block_count = TIFFNumberOfTiles(tiff);
  } else {
    uint32_t rows = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    d->block_width = d->width;
    d->block_height = rows == 0 || rows > d->height ? d->height : rows;
    d->block_byte_count = TIFFVStripSize64(tiff, d->block_height);
    d->block_count = TIFFNumberOfStrips(tiff);
  }
}

const char *ctiff_description(ctiff *file) {
  char *text = NULL;
  return TIFFGetField(file->tiff, TIFFTAG_IMAGEDESCRIPTION, &text) ? text : NULL;
}

static const void *unnamed_list(ctiff *file, uint32_t tag, TIFFDataType type, uint32_t *count) {
  begin(file);
  *count = 0;
  const TIFFField *field = TIFFFindField(file->tiff, tag, TIFF_ANY);
  // what TIFFGetField takes depends on it
  if (!field || !TIFFFieldPassCount(field) || TIFFFieldReadCount(field) != TIFF_VARIABLE2) return NULL;
  TIFFDataType found = TIFFFieldDataType(field);
  if (found != type && !(type == TIFF_BYTE && found == TIFF_UNDEFINED)) return NULL;
  void *data = NULL;
  return TIFFGetField(file->tiff, tag, count, &data) ? data : NULL;
}

const uint8_t *ctiff_byte_list(ctiff *file, uint32_t tag, uint32_t *count) {
  return unnamed_list(file, tag, TIFF_BYTE, count);
}

const uint32_t *ctiff_long_list(ctiff *file, uint32_t tag, uint32_t *count) {
  return unnamed_list(file, tag, TIFF_LONG, count);
}

int ctiff_palette_ends(ctiff *file, uint16_t first[3], uint16_t last[3]) {
  begin(file);
  uint16_t *lists[3] = {NULL, NULL, NULL}, bits = 0;
  TIFFGetFieldDefaulted(file->tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  if (bits < 1 || bits > 16) return 0;
  if (!TIFFGetField(file->tiff, TIFFTAG_COLORMAP, &lists[0], &lists[1], &lists[2])) return 0;
  for (int i = 0; i < 3; i++) {
    if (!lists[i]) return 0;
    first[i] = lists[i][0];
    last[i] = lists[i][((size_t)1 << bits) - 1];
  }
  return 1;
}

int ctiff_can_decode(uint16_t compression) { return TIFFIsCODECConfigured(compression); }

int ctiff_locate(ctiff *file, uint32_t block, uint64_t *offset, uint64_t *byte_count) {
  begin(file);
  int failed_offset = 0, failed_count = 0;
  *offset = TIFFGetStrileOffsetWithErr(file->tiff, block, &failed_offset);
  *byte_count = TIFFGetStrileByteCountWithErr(file->tiff, block, &failed_count);
  return !failed_offset && !failed_count;
}

int64_t ctiff_read_block(ctiff *file, uint32_t block, void *buffer, int64_t count) {
  begin(file);
  return TIFFIsTiled(file->tiff) ? TIFFReadEncodedTile(file->tiff, block, buffer, count)
                                 : TIFFReadEncodedStrip(file->tiff, block, buffer, count);
}

const char *ctiff_message(const ctiff *file) { return file->message; }
int ctiff_errno(const ctiff *file) { return file->number; }
