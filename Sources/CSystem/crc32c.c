// CRC-32C: reflected polynomial 0x82F63B78, by instruction where the processor has one, else eight tables.
#include "CSystem.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

#define STEP(c) (((c) >> 1) ^ (((c) & 1) ? 0x82F63B78u : 0))

static uint32_t tables[8][256];

__attribute__((constructor)) static void make_tables(void) {
  for (uint32_t n = 0; n < 256; n++) {
    uint32_t crc = n;
    for (int k = 0; k < 8; k++) crc = STEP(crc);
    tables[0][n] = crc;
  }
  for (int t = 1; t < 8; t++)
    for (uint32_t n = 0; n < 256; n++) tables[t][n] = (tables[t - 1][n] >> 8) ^ tables[0][tables[t - 1][n] & 255];
}

static uint32_t by_tables(uint32_t crc, const uint8_t *p, size_t count) {
  for (; count >= 8; p += 8, count -= 8) {
    uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^
          tables[3][p[4]] ^ tables[2][p[5]] ^ tables[1][p[6]] ^ tables[0][p[7]];
  }
  for (; count > 0; p++, count--) crc = (crc >> 8) ^ tables[0][(crc ^ *p) & 255];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t count) {
  uint64_t wide = crc;
  for (; count >= 8; p += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  for (; count > 0; p++, count--) crc = _mm_crc32_u8(crc, *p);
  return crc;
}

static int has_instruction(void) {
  static int known = -1;
  int has = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (has < 0) {
    unsigned a, b, c, d;
    has = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) != 0;
    __atomic_store_n(&known, has, __ATOMIC_RELAXED);
  }
  return has;
}
#elif defined(__ARM_FEATURE_CRC32)
static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t count) {
  for (; count >= 8; p += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    crc = __crc32cd(crc, word);
  }
  for (; count > 0; p++, count--) crc = __crc32cb(crc, *p);
  return crc;
}

static int has_instruction(void) { return 1; }
#else
static uint32_t by_instruction(uint32_t crc, const uint8_t *p, size_t count) { return by_tables(crc, p, count); }

static int has_instruction(void) { return 0; }
#endif

uint32_t csystem_crc32c_by_tables(uint32_t crc, const void *bytes, size_t count) {
  return ~by_tables(~crc, bytes, count);
}

uint32_t csystem_crc32c(uint32_t crc, const void *bytes, size_t count) {
  return has_instruction() ? ~by_instruction(~crc, bytes, count) : csystem_crc32c_by_tables(crc, bytes, count);
}
