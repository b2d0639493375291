/// All codecs, and how each format finds its own among them.
public enum Codecs {
  package static let all: [any Codec.Type] = [
    Zstd.self, Blosc.self, Gzip.self, Zlib.self, Lz4Block.self, Lz4Stream.self, Bzip2.self, Xz.self, Lzf.self, Raw.self,
    Lz4Pieces.self, Delta.self, Shuffle.self, Bitshuffle.self, Crc32c.self, Fletcher32.self,
  ]

  /// Those that outputs are written with, in the order in which they are offered.
  static let written = all.compactMap { $0 as? any WrittenCodec.Type }

  /// The names by which outputs choose a codec.
  public static let namesWritten = written.map { $0.names.name }

  static func compressorV2(_ id: String) -> (any ByteCodec.Type)? { first { $0.compressorV2 == id } as? any ByteCodec.Type }
  static func filterV2(_ id: String) -> (any Codec.Type)? { first { $0.filterV2 == id } }
  static func v3(_ name: String) -> (any Codec.Type)? { first { $0.v3.contains(name) } }
  static func n5(_ name: String) -> (any ByteCodec.Type)? { first { $0.n5.contains(name) } as? any ByteCodec.Type }
  package static func hdf5(_ number: Int32) -> (any ByteCodec.Type)? { first { $0.hdf5 == number } as? any ByteCodec.Type }

  private static func first(_ isIt: (CodecNames) -> Bool) -> (any Codec.Type)? { all.first { isIt($0.names) } }
}

/// The versions of the libraries that encode: on them, beside the program, depends what bytes a chunk becomes.
public func codecLibraryVersions() -> String {
  Codecs.written.map { $0.library }.joined(separator: ", ")
}
