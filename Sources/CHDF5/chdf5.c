#include "CHDF5.h"
#include "driver.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[512];
static int number;

static herr_t take(unsigned n, const H5E_error2_t *error, void *data) {
  // the innermost says what really happened, the outermost what was wanted
  (void)n;
  (void)data;
  if (error->desc && error->desc[0]) {
    snprintf(message, sizeof message, "%s", error->desc);
    // the library has no other way to tell what the system said
    const char *at = strstr(error->desc, "errno = ");
    if (at) number = atoi(at + strlen("errno = "));
  }
  return 0;
}

static int64_t failed(void) {
  snprintf(message, sizeof message, "unknown error");
  number = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take, NULL);
  char outermost[sizeof message];
  snprintf(outermost, sizeof outermost, "%s", message);
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, take, NULL);
  if (strcmp(outermost, message) != 0) {
    char both[sizeof message];
    snprintf(both, sizeof both, "%.200s: %.300s", outermost, message);
    memcpy(message, both, sizeof both);
  }
  H5Eclear2(H5E_DEFAULT);
  return -1;
}

static int64_t refused(const char *why) {
  number = 0;
  snprintf(message, sizeof message, "%s", why);
  return -1;
}

// Errors are told by us, not printed by the library, which asks for that thread by thread. No filter is loaded from the host:
// such a library, made for another glibc, would end a program that has its own inside.
static void begin(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
}

const char *chdf5_version(void) {
  static char text[32];
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
  return text;
}

const char *chdf5_error(void) { return message; }

int chdf5_errno(void) { return number; }

int64_t chdf5_open_file(const char *path) {
  begin();
  // files that links and virtual data sets lead to are opened in the same way
  hid_t access = chdf5_file_access();
  hid_t file = access < 0 ? -1 : H5Fopen(path, H5F_ACC_RDONLY, access);
  return file < 0 ? failed() : file;
}

void chdf5_close_file(int64_t file) { H5Fclose(file); }

// Asked for step by step: H5Lexists fails where a group on the way is missing. Negative: a link on the way leads to
// nothing, or to what cannot be opened.
static int exists(hid_t file, const char *path) {
  char part[1024];
  size_t n = strlen(path);
  if (n == 0 || n >= sizeof part) return 0;
  for (size_t i = 1; i <= n; i++) {
    if (path[i] != '/' && path[i] != 0) continue;
    memcpy(part, path, i);
    part[i] = 0;
    if (strcmp(part, "/") == 0) continue;
    htri_t there = H5Lexists(file, part, H5P_DEFAULT);
    if (there <= 0) return (int)there;
  }
  return 1;
}

int chdf5_kind(int64_t file, const char *path) {
  begin();
  int there = exists(file, path);
  if (there == 0) {
    H5Eclear2(H5E_DEFAULT);
    return 0;
  }
  hid_t object = there < 0 ? -1 : H5Oopen(file, path, H5P_DEFAULT);
  if (object < 0) return (int)failed();
  H5I_type_t type = H5Iget_type(object);
  H5Oclose(object);
  return type == H5I_GROUP ? 1 : type == H5I_DATASET ? 2 : 3;
}

int chdf5_link_file(int64_t file, const char *path, char *name, int size) {
  begin();
  char part[1024];
  size_t n = strlen(path);
  int found = 0;
  for (size_t i = 1; i <= n && n < sizeof part && !found; i++) {
    if (path[i] != '/' && path[i] != 0) continue;
    memcpy(part, path, i);
    part[i] = 0;
    H5L_info_t info;
    if (H5Lget_info(file, part, &info, H5P_DEFAULT) < 0) break;
    char value[2048];
    const char *target = NULL, *object = NULL;
    unsigned flags = 0;
    if (info.type == H5L_TYPE_EXTERNAL && info.u.val_size <= sizeof value
        && H5Lget_val(file, part, value, sizeof value, H5P_DEFAULT) >= 0
        && H5Lunpack_elink_val(value, info.u.val_size, &flags, &target, &object) >= 0) {
      snprintf(name, (size_t)size, "%s", target);
      found = 1;
    }
  }
  H5Eclear2(H5E_DEFAULT);
  return found;
}

int chdf5_file_name(int64_t dataset, char *name, int size) {
  begin();
  ssize_t length = H5Fget_name(dataset, name, (size_t)size);
  H5Eclear2(H5E_DEFAULT);
  return length > 0 && length < size;
}

static int64_t describe_type(hid_t dataset, struct chdf5_info *info) {
  hid_t type = H5Dget_type(dataset);
  if (type < 0) return failed();
  H5T_class_t class = H5Tget_class(type);
  info->type_class = class == H5T_INTEGER ? CHDF5_INTEGER : class == H5T_FLOAT ? CHDF5_FLOAT : CHDF5_OTHER_CLASS;
  info->byte_count = (int32_t)H5Tget_size(type);
  if (info->type_class != CHDF5_OTHER_CLASS) {
    info->is_signed = info->type_class == CHDF5_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
    H5T_order_t order = H5Tget_order(type);
    info->is_big_endian = order == H5T_ORDER_BE;
    info->is_plain = (order == H5T_ORDER_LE || order == H5T_ORDER_BE)
        && H5Tget_precision(type) == 8 * H5Tget_size(type) && H5Tget_offset(type) == 0;
  }
  hid_t creation = H5Dget_create_plist(dataset);
  H5D_fill_value_t fill = H5D_FILL_VALUE_UNDEFINED;
  if (creation >= 0 && info->byte_count <= (int32_t)sizeof info->fill
      && H5Pfill_value_defined(creation, &fill) >= 0 && fill == H5D_FILL_VALUE_USER_DEFINED)
    H5Pget_fill_value(creation, type, info->fill);
  if (creation >= 0) H5Pclose(creation);
  H5Tclose(type);
  return 0;
}

static int64_t describe_layout(hid_t dataset, struct chdf5_info *info) {
  hid_t creation = H5Dget_create_plist(dataset);
  if (creation < 0) return failed();
  info->layout = CHDF5_OTHER;
  info->offset = UINT64_MAX;
  H5D_layout_t layout = H5Pget_layout(creation);
  if (layout == H5D_CHUNKED) {
    hsize_t chunk[CHDF5_MAX_RANK];
    if (H5Pget_chunk(creation, info->rank, chunk) == info->rank) info->layout = CHDF5_CHUNKED;
    for (int i = 0; i < info->rank; i++) info->chunk[i] = chunk[i];
  } else if (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation) == 0) {
    info->layout = CHDF5_CONTIGUOUS;
    haddr_t offset = H5Dget_offset(dataset);
    if (offset != HADDR_UNDEF) info->offset = offset;
  }
  int count = H5Pget_nfilters(creation);
  info->filter_count = count;
  for (int i = 0; i < count && i < CHDF5_MAX_FILTERS; i++) {
    struct chdf5_filter *filter = &info->filters[i];
    unsigned flags = 0, config = 0;
    size_t n = CHDF5_MAX_VALUES;
    filter->id = H5Pget_filter2(creation, i, &flags, &n, filter->values, sizeof filter->name, filter->name, &config);
    filter->value_count = filter->id < 0 ? 0 : n < CHDF5_MAX_VALUES ? (int32_t)n : CHDF5_MAX_VALUES;
    filter->is_available = filter->id >= 0 && H5Zfilter_avail(filter->id) > 0;
  }
  H5Eclear2(H5E_DEFAULT);
  H5Pclose(creation);
  return count > CHDF5_MAX_FILTERS ? refused("it has more than 8 filters") : 0;
}

int64_t chdf5_open_dataset(int64_t file, const char *path, struct chdf5_info *info) {
  begin();
  memset(info, 0, sizeof *info);
  // chunks are kept by the caller
  hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_chunk_cache(access, 0, 0, 0);
  hid_t dataset = H5Dopen2(file, path, access);
  if (access >= 0) H5Pclose(access);
  if (dataset < 0) return failed();
  hid_t space = H5Dget_space(dataset);
  int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  hsize_t dims[CHDF5_MAX_RANK];
  int64_t status = -1;
  if (rank < 1 || rank > CHDF5_MAX_RANK) {
    refused("it has none, or more than 8, dimensions");
  } else if (H5Sget_simple_extent_dims(space, dims, NULL) < 0) {
    failed();
  } else {
    info->rank = rank;
    for (int i = 0; i < rank; i++) info->dims[i] = dims[i];
    status = describe_type(dataset, info);
    if (status >= 0) status = describe_layout(dataset, info);
  }
  if (space >= 0) H5Sclose(space);
  if (status >= 0) return dataset;
  H5Dclose(dataset);
  return -1;
}

void chdf5_close_dataset(int64_t dataset) { H5Dclose(dataset); }

static void places(const uint64_t *from, hsize_t *to) {
  for (int i = 0; i < CHDF5_MAX_RANK; i++) to[i] = from[i];
}

// The function that failed first.
static herr_t take_function(unsigned n, const H5E_error2_t *error, void *data) {
  if (n == 0) *(int *)data = error->func_name && strcmp(error->func_name, "H5D__get_chunk_storage_size") == 0;
  return 0;
}

int64_t chdf5_chunk_size(int64_t dataset, const uint64_t *offset) {
  begin();
  hsize_t at[CHDF5_MAX_RANK], size = 0;
  places(offset, at);
  if (H5Dget_chunk_storage_size(dataset, at, &size) >= 0) return (int64_t)size;
  // Most versions fail where a chunk is not stored: then the failure begins in that very function, and not below it,
  // where the index is read.
  int is_own = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_function, &is_own);
  H5Eclear2(H5E_DEFAULT);
  if (is_own) return 0;
  // a slow call, which goes through all chunks, but tells both apart in every version
  unsigned skipped = 0;
  haddr_t address = HADDR_UNDEF;
  if (H5Dget_chunk_info_by_coord(dataset, at, &skipped, &address, &size) < 0) return failed();
  return address == HADDR_UNDEF ? 0 : (int64_t)size;
}

int chdf5_read_chunk(int64_t dataset, const uint64_t *offset, uint32_t *skipped, void *buffer) {
  begin();
  hsize_t at[CHDF5_MAX_RANK];
  places(offset, at);
  return H5Dread_chunk(dataset, H5P_DEFAULT, at, skipped, buffer) < 0 ? (int)failed() : 0;
}

int chdf5_read_box(int64_t dataset, const uint64_t *offset, const uint64_t *count, void *buffer) {
  begin();
  hsize_t at[CHDF5_MAX_RANK], n[CHDF5_MAX_RANK];
  places(offset, at);
  places(count, n);
  hid_t space = H5Dget_space(dataset);
  hid_t type = H5Dget_type(dataset);
  int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  hid_t memory = rank < 1 ? -1 : H5Screate_simple(rank, n, NULL);
  int status = 0;
  if (space < 0 || type < 0 || memory < 0
      || H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, n, NULL) < 0
      || H5Dread(dataset, type, memory, space, H5P_DEFAULT, buffer) < 0)
    status = (int)failed();
  if (memory >= 0) H5Sclose(memory);
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return status;
}

int chdf5_read_table(int64_t file, const char *path, double *values, int limit, int *rows, int *columns) {
  begin();
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  if (dataset < 0) return (int)failed();
  hid_t space = H5Dget_space(dataset);
  hsize_t dims[2] = {0, 0};
  int status = 0;
  if (space < 0 || H5Sget_simple_extent_ndims(space) != 2 || H5Sget_simple_extent_dims(space, dims, NULL) < 0) {
    status = (int)refused("it is no table of rows and columns");
  } else if (dims[0] > (hsize_t)limit || dims[1] > (hsize_t)limit || dims[0] * dims[1] > (hsize_t)limit) {
    status = (int)refused("it is absurdly large");
  } else if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    status = (int)failed();
  }
  *rows = (int)dims[0];
  *columns = (int)dims[1];
  if (space >= 0) H5Sclose(space);
  H5Dclose(dataset);
  return status;
}

static int read_text(hid_t attribute, hid_t type, char *text, int size) {
  int is_variable = H5Tis_variable_str(type) > 0;
  size_t length = is_variable ? sizeof(char *) : H5Tget_size(type);
  hid_t space = H5Aget_space(attribute);
  hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  if (space >= 0) H5Sclose(space);
  if (count != 1 || length == 0 || length > 1 << 16) return (int)refused("the attribute is no single text");
  // of a length of its own the library allocates the text
  char *own = NULL;
  char *buffer = is_variable ? NULL : calloc(1, length + 1);
  if (!is_variable && !buffer) return (int)refused("out of memory");
  hid_t memory = H5Tcopy(type);
  int result = memory < 0 || H5Aread(attribute, memory, is_variable ? (void *)&own : (void *)buffer) < 0 ? (int)failed() : 2;
  if (result == 2) snprintf(text, (size_t)size, "%s", is_variable ? (own ? own : "") : buffer);
  if (memory >= 0) H5Tclose(memory);
  if (own) H5free_memory(own);
  free(buffer);
  return result;
}

int chdf5_attribute(int64_t file, const char *path, const char *name, double *value, char *text, int size) {
  begin();
  htri_t is_there = H5Aexists_by_name(file, path, name, H5P_DEFAULT);
  if (is_there <= 0) return is_there < 0 ? (int)failed() : 0;
  hid_t attribute = H5Aopen_by_name(file, path, name, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0) return (int)failed();
  hid_t type = H5Aget_type(attribute);
  H5T_class_t kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  int result;
  if (kind == H5T_STRING) {
    result = read_text(attribute, type, text, size);
  } else if (kind == H5T_FLOAT || kind == H5T_INTEGER) {
    hid_t space = H5Aget_space(attribute);
    hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (space >= 0) H5Sclose(space);
    if (count != 1)
      result = (int)refused("the attribute is no single number");
    else
      result = H5Aread(attribute, H5T_NATIVE_DOUBLE, value) < 0 ? (int)failed() : 1;
  } else {
    result = (int)refused("the attribute is neither a number nor a text");
  }
  if (type >= 0) H5Tclose(type);
  H5Aclose(attribute);
  return result;
}

int64_t chdf5_open_creation(int64_t dataset) {
  begin();
  hid_t creation = H5Dget_create_plist(dataset);
  return creation < 0 ? failed() : creation;
}

void chdf5_close_creation(int64_t creation) { H5Pclose(creation); }

int64_t chdf5_source_count(int64_t creation) {
  begin();
  size_t count = 0;
  if (H5Pget_layout(creation) == H5D_VIRTUAL) return H5Pget_virtual_count(creation, &count) < 0 ? failed() : (int64_t)count;
  int files = H5Pget_external_count(creation);
  return files < 0 ? failed() : files;
}

// The box of the virtual data set that a source fills.
static void find_box(int64_t creation, int64_t i, struct chdf5_source *source) {
  hid_t space = H5Pget_virtual_vspace(creation, (size_t)i);
  if (space < 0) return;
  int rank = H5Sget_simple_extent_ndims(space);
  hsize_t lower[CHDF5_MAX_RANK], upper[CHDF5_MAX_RANK];
  // fails for selections without an end
  if (rank > 0 && rank <= CHDF5_MAX_RANK && H5Sget_select_bounds(space, lower, upper) >= 0) {
    source->rank = rank;
    for (int k = 0; k < rank; k++) {
      source->lower[k] = lower[k];
      source->upper[k] = upper[k];
    }
  }
  H5Sclose(space);
}

int chdf5_source(int64_t creation, int64_t i, struct chdf5_source *source) {
  begin();
  memset(source, 0, sizeof *source);
  source->byte_count = UINT64_MAX;
  if (H5Pget_layout(creation) == H5D_VIRTUAL) {
    ssize_t file = H5Pget_virtual_filename(creation, (size_t)i, source->file, sizeof source->file);
    ssize_t name = H5Pget_virtual_dsetname(creation, (size_t)i, source->dataset, sizeof source->dataset);
    if (file < 0 || name < 0) return (int)failed();
    if (file >= (ssize_t)sizeof source->file || name >= (ssize_t)sizeof source->dataset)
      return (int)refused("the name of a source is too long");
    find_box(creation, i, source);
    return 0;
  }
  off_t offset = 0;
  hsize_t size = 0;
  if (H5Pget_external(creation, (unsigned)i, sizeof source->file, source->file, &offset, &size) < 0) return (int)failed();
  if (source->file[sizeof source->file - 1] != 0) return (int)refused("the name of a source is too long");
  source->offset = (uint64_t)offset;
  if (size != H5F_UNLIMITED) source->byte_count = size;
  return 0;
}
