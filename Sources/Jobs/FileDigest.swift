import Foundation
import Zarr

/// A fingerprint of a file's bytes: FNV-1a, 64 bits. It notices changes; it is no protection against malice.
enum FileDigest {
  static func of(_ path: String) throws(ZarrError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .io(step: .read, path: path, errno: errno)
    }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    data.withUnsafeBytes { bytes in
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return String(hash, radix: 16)
  }
}
