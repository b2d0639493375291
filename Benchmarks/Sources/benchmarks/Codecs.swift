import CBlosc
import CZstd
import Foundation
import Geometry
import Zarr

/// Encoding and decoding of one chunk by our codec layer, and by the library called directly on the same buffers.
struct CodecBenchmark {
  private static let side = 128
  private let raw: UnsafeMutableRawBufferPointer
  private let decoded: UnsafeMutableRawBufferPointer
  private let scratch: UnsafeMutableRawBufferPointer

  /// A chunk of camera noise: Gaussian grey values, about as compressible as tissue.
  init() {
    let count = Self.side * Self.side * Self.side
    raw = .allocate(byteCount: 2 * count, alignment: 64)
    decoded = .allocate(byteCount: 2 * count, alignment: 64)
    scratch = .allocate(byteCount: 2 * count + 1 << 20, alignment: 64)
    var state: UInt64 = 88_172_645_463_325_252
    func next() -> Double {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Double(state >> 11) / Double(1 << 53)
    }
    for i in 0..<count {
      let noise = (-2 * log(next() + 1e-12)).squareRoot() * cos(2 * .pi * next())
      raw.storeBytes(of: UInt16(max(0, 100 + 10 * noise)), toByteOffset: 2 * i, as: UInt16.self)
    }
  }

  func run(_ table: inout Table) throws {
    table.section(
      "Codecs, GB/s of voxels", ["codec", "compression", "encode", "library", "ratio", "decode", "library", "ratio"])
    for level in [1, 3] { try zstd(level, &table) }
    try blosc(.lz4, level: 5, .byte, &table)
    try blosc(.zstd, level: 1, .bit, &table)
    try blosc(.zstd, level: 3, .byte, &table)
  }

  private func zstd(_ level: Int, _ table: inout Table) throws {
    guard let encoder = ZSTD_createCCtx(), let decoder = ZSTD_createDCtx() else { throw BenchmarkError.noMemory }
    defer {
      ZSTD_freeCCtx(encoder)
      ZSTD_freeDCtx(decoder)
    }
    ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, Int32(level))
    ZSTD_CCtx_setParameter(encoder, ZSTD_c_checksumFlag, 1)
    try compare(
      "zstd \(level)", .zstd(level: level), &table,
      encode: { ZSTD_compress2(encoder, scratch.baseAddress, scratch.count, raw.baseAddress, raw.count) },
      decode: { ZSTD_decompressDCtx(decoder, decoded.baseAddress, decoded.count, $0.baseAddress, $0.count) })
  }

  private func blosc(_ codec: BloscCodec, level: Int, _ shuffle: BloscShuffle, _ table: inout Table) throws {
    try compare(
      "blosc \(codec.rawValue) \(level), \(shuffle == .bit ? "bits" : "bytes")",
      .blosc(codec: codec, level: level, shuffle: shuffle), &table,
      encode: {
        Int(
          blosc_compress_ctx(
            Int32(level), Int32(shuffle.rawValue), 2, raw.count, raw.baseAddress, scratch.baseAddress, raw.count + 16,
            codec.rawValue, 0, 1))
      },
      decode: { Int(blosc_decompress_ctx($0.baseAddress, decoded.baseAddress, decoded.count, 1)) })
  }

  private func compare(
    _ name: String, _ compressor: Compressor, _ table: inout Table, encode: @escaping () -> Int,
    decode: @escaping (UnsafeRawBufferPointer) -> Int
  ) throws {
    let shape = [Int](repeating: Self.side, count: 3)
    let spec = ArraySpec(zarrFormat: 2, shape: shape, chunkShape: shape, elementType: .uint16, compressor: compressor)
    let array = try ZarrArray(path: "/nowhere", spec: spec)
    let context = CodecContext()
    let encoded = try array.encodeChunk(UnsafeRawBufferPointer(raw), context: context)
    let stored = UnsafeMutableRawBufferPointer.allocate(byteCount: encoded.count, alignment: 64)
    defer { stored.deallocate() }
    stored.copyMemory(from: encoded)
    let input = UnsafeRawBufferPointer(stored)
    var byteCount = 0
    let seconds = try bestSeconds(
      rounds: 40,
      [
        { _ = try array.encodeChunk(UnsafeRawBufferPointer(raw), context: context) }, { byteCount = encode() },
        { try array.decodeChunk(input, into: decoded, context: context) }, { _ = decode(input) },
      ])
    guard byteCount == input.count, decode(input) == raw.count, decoded.elementsEqual(raw) else {
      throw BenchmarkError.unequal(name)
    }
    table.row([
      name, String(format: "%.2f", Double(raw.count) / Double(stored.count)), rate(raw.count, seconds[0]),
      rate(raw.count, seconds[1]), table.ratio(seconds[1] / seconds[0], atLeast: 0.9), rate(raw.count, seconds[2]),
      rate(raw.count, seconds[3]), table.ratio(seconds[3] / seconds[2], atLeast: 0.9),
    ])
  }
}

enum BenchmarkError: Error {
  case noMemory
  /// The library and we do not agree on what was encoded.
  case unequal(String)
}
