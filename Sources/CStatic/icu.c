// Empty tables in the place of ICU's data, which Foundation and libxml2 each bring along: 65 MB of names of time zones,
// languages and old encodings that blockfuse has no use for. XML of another encoding than UTF-8, UTF-16 and Latin-1 is
// decoded before libxml2 sees it (Views/XML/XMLEncoding.swift); dates are written as ISO 8601, which needs no table.
// Source of the form: ICU, unicode/udata.h (UDataInfo), and a table of contents (`CmnD`) that has no entry.
#ifdef BLOCKFUSE_STATIC
#include <stdint.h>

struct Table {
  uint16_t headerByteCount;
  uint8_t magic[2];
  uint16_t infoByteCount, reserved;
  uint8_t isBigEndian, charset, unitByteCount, reserved2;
  uint8_t format[4], formatVersion[4], dataVersion[4], padding[8];
  uint32_t entryCount, reserved3[3];
};

#define EMPTY {.headerByteCount = 32, .magic = {0xda, 0x27}, .infoByteCount = 20, .unitByteCount = 2, .format = "CmnD", .formatVersion = {1}}

// names with a version, such as icudt76_dat, that scripts/build-static.sh finds in the libraries
__attribute__((aligned(16))) const struct Table BLOCKFUSE_ICU_OF_FOUNDATION = EMPTY;
#ifdef BLOCKFUSE_ICU_OF_LIBXML2
__attribute__((aligned(16))) const struct Table BLOCKFUSE_ICU_OF_LIBXML2 = EMPTY;
#endif
#endif

typedef int NotEmpty;
