/// LZF, h5py's own: runs of letters, and references to what came before.
struct Lzf: ByteCodec {
  static let names = CodecNames("lzf", hdf5: 32000)

  init(_ settings: CodecSettings) {}

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    var (at, done) = (0, 0)
    func byte() throws(CodecFailure) -> Int {
      guard at < stored.count else { throw .damaged("lzf: it ends early") }
      defer { at += 1 }
      return Int(stored[at])
    }
    while at < stored.count {
      let control = try byte()
      if control < 32 {
        let count = control + 1
        guard count <= stored.count - at else { throw .damaged("lzf: it ends early") }
        guard count <= output.count - done else { throw .damaged("lzf: it decodes to more than \(output.count) bytes") }
        for i in 0..<count { output[done + i] = stored[at + i] }
        at += count
        done += count
        continue
      }
      var count = control >> 5
      if count == 7 { count += try byte() }
      count += 2
      let back = (control & 0x1F) << 8 + (try byte()) + 1
      guard back <= done else { throw .damaged("lzf: a reference before its beginning") }
      guard count <= output.count - done else { throw .damaged("lzf: it decodes to more than \(output.count) bytes") }
      // one by one: a reference may reach into itself
      for i in 0..<count { output[done + i] = output[done - back + i] }
      done += count
    }
    return done
  }
}
