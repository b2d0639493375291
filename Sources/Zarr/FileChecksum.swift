import CSystem

/// The crc32c of a whole file, for those whose codecs have no checksum of their own. Never 0, which stands for none.
public struct FileChecksum: Sendable {
  private var sum: UInt32 = 0

  public init() {}

  /// The checksum of the bytes so far; a sum that is 0 is given as 0xFFFFFFFF.
  public var value: UInt32 { sum == 0 ? .max : sum }

  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    sum = csystem_crc32c(sum, bytes.baseAddress, bytes.count)
  }
}
