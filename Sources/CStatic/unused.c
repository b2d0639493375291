// Functions that libraries refer to and that never run here, so that the libraries behind them stay out of the program.
#ifdef BLOCKFUSE_STATIC
#include <stdlib.h>

// libcurl, for URLSession in FlyingFox's proxy, which blockfuse does not use. A call would be a fault of the program: it ends.
#define NEVER(name) \
  void name(void) { abort(); }
NEVER(curl_easy_cleanup)
NEVER(curl_easy_getinfo)
NEVER(curl_easy_init)
NEVER(curl_easy_pause)
NEVER(curl_easy_setopt)
NEVER(curl_easy_strerror)
NEVER(curl_free)
NEVER(curl_global_init)
NEVER(curl_multi_add_handle)
NEVER(curl_multi_assign)
NEVER(curl_multi_cleanup)
NEVER(curl_multi_info_read)
NEVER(curl_multi_init)
NEVER(curl_multi_remove_handle)
NEVER(curl_multi_setopt)
NEVER(curl_multi_socket_action)
NEVER(curl_slist_append)
NEVER(curl_slist_free_all)
NEVER(curl_url)
NEVER(curl_url_get)
NEVER(curl_url_set)
NEVER(curl_version)
NEVER(curl_version_info)

// libjbig, for JBIG in TIFF: pages of one bit, which are no images to fuse and are refused before. Its licence, the GPL, would
// bind the whole program. What is asked of it fails, and libtiff tells why.
void jbg_dec_init(void *state) {}
void jbg_dec_free(void *state) {}
int jbg_dec_in(void *state, unsigned char *data, size_t byteCount, size_t *usedByteCount) { return 1; }
int jbg_newlen(unsigned char *data, size_t byteCount) { return 1; }
const char *jbg_strerror(int code) { return "JBIG is not part of this program"; }
NEVER(jbg_dec_getimage)
NEVER(jbg_dec_getsize)
NEVER(jbg_enc_init)
NEVER(jbg_enc_out)
NEVER(jbg_enc_free)
#endif

typedef int NotEmpty;
