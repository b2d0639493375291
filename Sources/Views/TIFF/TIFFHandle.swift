import CTiffReader
import Files
import Foundation
import Memory
import Zarr

/// A TIFF file that is open, used by one thread at a time: libtiff with its one current directory.
final class TIFFHandle {
  let path: String
  /// Bytes of the whole file.
  let byteCount: UInt64
  /// Whether numbers in the file have this machine's byte order.
  let isNative: Bool
  private let file: OpaquePointer
  private let room = ScratchBuffer()

  init(_ path: String) throws(TIFFError) {
    var number: Int32 = 0
    var message = [CChar](repeating: 0, count: 400)
    guard let file = ctiff_open(path, &number, &message, message.count) else {
      if number != 0 { throw .io(.io(step: .open, path: path, errno: number)) }
      let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .damaged(path: path, place: "byte 0", reason: TIFFHandle.tidy(String(decoding: bytes, as: UTF8.self)))
    }
    (self.path, self.file) = (path, file)
    byteCount = ctiff_byte_count(file)
    isNative = ctiff_is_native(file) != 0
  }

  deinit {
    ctiff_close(file)
  }

  /// Bytes from `offset`, as many as the file has there.
  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(TIFFError) -> Int {
    let count = ctiff_pread(file, target.baseAddress, target.count, offset)
    if count < 0 { throw .io(.io(step: .read, path: path, errno: ctiff_errno(file))) }
    return Int(count)
  }

  /// Makes a directory the current one. `place` names it in messages.
  func select(_ offset: UInt64, _ place: @autoclosure () -> String) throws(TIFFError) {
    if ctiff_select(file, offset) == 0 { throw failure(place(), "libtiff cannot read its directory") }
  }

  var directory: ctiff_directory {
    var directory = ctiff_directory()
    ctiff_describe(file, &directory)
    return directory
  }

  /// The ImageDescription of the current directory; bytes that are no UTF-8 count as Latin-1.
  var imageDescription: String? {
    guard let text = ctiff_description(file) else { return nil }
    return String(validatingCString: text)
      ?? String(
        String.UnicodeScalarView(UnsafeBufferPointer(start: text, count: strlen(text)).map { Unicode.Scalar(UInt8(bitPattern: $0)) }))
  }

  /// The bytes, or numbers, of a tag of the current directory that libtiff has no name for; nil if it has none of the kind.
  func bytes(ofTag tag: UInt32) -> [UInt8]? {
    var count: UInt32 = 0
    return ctiff_byte_list(file, tag, &count).map { Array(UnsafeBufferPointer(start: $0, count: Int(count))) }
  }

  func numbers(ofTag tag: UInt32) -> [UInt32]? {
    var count: UInt32 = 0
    return ctiff_long_list(file, tag, &count).map { Array(UnsafeBufferPointer(start: $0, count: Int(count))) }
  }

  /// The red, green and blue of the first and of the last entry of the current directory's palette.
  var paletteEnds: (first: [UInt8], last: [UInt8])? {
    var (first, last) = ([UInt16](repeating: 0, count: 3), [UInt16](repeating: 0, count: 3))
    guard ctiff_palette_ends(file, &first, &last) != 0 else { return nil }
    return (first.map { UInt8($0 >> 8) }, last.map { UInt8($0 >> 8) })
  }

  /// The place of a tile or strip of the current directory in the file; both numbers are 0 if it was never written.
  func locate(block: Int, _ place: @autoclosure () -> String) throws(TIFFError) -> (offset: UInt64, byteCount: UInt64) {
    var (offset, byteCount): (UInt64, UInt64) = (0, 0)
    guard let number = UInt32(exactly: block), ctiff_locate(file, number, &offset, &byteCount) != 0 else {
      throw failure(place(), "its place in the file cannot be read")
    }
    return (offset, byteCount)
  }

  /// Decodes a tile or strip of the current directory into `target`, which takes `target.count` bytes of it.
  func decode(
    block: Int, into target: UnsafeMutableRawBufferPointer, _ place: @autoclosure () -> String
  ) throws(TIFFError) {
    guard let number = UInt32(exactly: block) else { throw failure(place(), "there is no such block") }
    let count = ctiff_read_block(file, number, target.baseAddress, Int64(target.count))
    if count < 0 { throw failure(place(), "libtiff cannot decode it") }
    guard count == target.count else {
      throw .damaged(path: path, place: place(), reason: "it has \(count) bytes instead of \(target.count)")
    }
  }

  /// Memory that is kept for the next time; its content is undefined.
  func scratch(byteCount: Int) -> UnsafeMutableRawBufferPointer {
    room.reserve(byteCount: byteCount)
  }

  private func failure(_ place: String, _ otherwise: String) -> TIFFError {
    let number = ctiff_errno(file)
    if number != 0 { return .io(.io(step: .read, path: path, errno: number)) }
    let message = TIFFHandle.tidy(String(cString: ctiff_message(file)))
    return .damaged(path: path, place: place, reason: message.isEmpty ? otherwise : message)
  }

  /// libtiff ends some messages with a full stop, and some with a line end.
  private static func tidy(_ message: String) -> String {
    var message = message[...]
    while let last = message.last, last == "." || last.isWhitespace { message.removeLast() }
    return String(message)
  }
}
