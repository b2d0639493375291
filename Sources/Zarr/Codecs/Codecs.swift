import CBlosc
import CZlib
import CZstd

/// The versions of the libraries that encode: on them, beside the program, depends what bytes a chunk becomes.
public func codecLibraryVersions() -> String {
  let zstd = String(cString: ZSTD_versionString())
  let blosc = blosc_get_version_string().map { String(cString: $0) } ?? "unknown"
  let zlib = zlibVersion().map { String(cString: $0) } ?? "unknown"
  return "zstd \(zstd), blosc \(blosc), zlib \(zlib)"
}
