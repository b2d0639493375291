/// The compressions that other formats have in common with Zarr, for their readers.
public enum Packing: Sendable {
  case zlib, gzip, zstd, blosc

  /// Decodes a piece and returns its byte count; more than `output` holds is damage.
  public func unpack(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(PackingFailure) -> Int {
    guard !stored.isEmpty else { throw .damaged("it is empty") }
    do throws(CodecFailure) {
      switch self {
      case .zlib: return try context.deflate.decode(stored, container: .zlib, into: output)
      case .gzip: return try context.deflate.decode(stored, container: .gzip, into: output)
      case .zstd: return try context.zstd.decode(stored, into: output)
      case .blosc: return try BloscContainer.decode(stored, into: output)
      }
    } catch {
      switch error {
      case .damaged(let reason), .failed(let reason): throw .damaged(reason)
      case .outOfMemory(let byteCount): throw .outOfMemory(byteCount: byteCount)
      case .io(let error): throw .damaged("\(error)")
      }
    }
  }
}

public enum PackingFailure: Error {
  case damaged(String)
  case outOfMemory(byteCount: Int)
}

extension CodecContext {
  /// Scratch memory for a reader of another format until the matching `giveBack`.
  public func scratch(byteCount: Int) throws(ZarrError) -> UnsafeMutableRawBufferPointer {
    do throws(CodecFailure) { return try push(byteCount: byteCount) } catch { throw .outOfMemory(byteCount: byteCount) }
  }

  public func giveBack() { pop() }
}
