#pragma once
#include <hdf5.h>

// How files are opened to be read; negative: libhdf5 has refused it. Kept as long as the program runs.
hid_t chdf5_file_access(void);
