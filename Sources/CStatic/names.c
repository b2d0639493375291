// Names of users, hosts and services come from files and DNS only. Else glibc would load what /etc/nsswitch.conf names (mdns,
// myhostname, sss) as shared libraries made for the host's own glibc, and a program with another glibc inside ends there.
#ifdef BLOCKFUSE_STATIC
int __nss_configure_lookup(const char *database, const char *services);

__attribute__((constructor)) static void look_up_names_in_files(void) {
  static const char *const databases[] = {"passwd", "group", "shadow", "initgroups", "services", "protocols", "networks", "ethers", "rpc"};
  for (unsigned i = 0; i < sizeof databases / sizeof *databases; i++) __nss_configure_lookup(databases[i], "files");
  __nss_configure_lookup("hosts", "files dns");
}
#endif

typedef int NotEmpty;
