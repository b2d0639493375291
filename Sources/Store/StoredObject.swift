import Diagnostics
import Files
import Foundation

/// An object that was opened to be read: what is read is of one version.
public protocol StoredObject: AnyObject, Sendable {
  var byteCount: Int { get }
  var version: ObjectVersion { get }
  /// Fills `target` from `offset`; returns the byte count read, less only where the object ends.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int
  /// Fills `target` with the last bytes; returns the byte count read, less only where there are fewer.
  func readLast(into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int
}

extension StoredObject {
  public func readLast(into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    try read(at: max(0, byteCount - target.count), into: target)
  }

  /// The whole, or as much as is left of it where it became shorter.
  public func readWhole() throws(StorageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let count = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(StorageError) -> Int in
      try read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

/// What tells one state of an object from another.
public enum ObjectVersion: Hashable, Sendable {
  case file(FileVersion)
  /// Whatever a store gives, only ever compared with itself.
  case tag(String, byteCount: Int)

  /// The time of its last writing as people read it; nil where a store has none.
  public var timeText: String? {
    if case .file(let version) = self { FileVersion.text(nanoseconds: version.modificationTime) } else { nil }
  }

  /// As people read it, `1234 bytes, 1700000000.000000000`.
  public var text: String {
    switch self {
    case .file(let version): version.text
    case .tag(let tag, let byteCount): "\(byteCount) bytes, \(tag)"
    }
  }
}

/// What is known of an object without its bytes.
public struct ObjectInfo: Sendable {
  public let byteCount: Int
  public let version: ObjectVersion
  public let modifiedAt: Date
  public let isFolder: Bool
  /// When anything of it but its access last changed, in nanoseconds since 1970, by the clock of the store and only ever
  /// compared with itself; nil where a store does not say.
  public let statusChangedAt: Int64?

  public init(
    byteCount: Int, version: ObjectVersion, modifiedAt: Date, isFolder: Bool = false, statusChangedAt: Int64? = nil
  ) {
    (self.byteCount, self.version, self.modifiedAt, self.isFolder) = (byteCount, version, modifiedAt, isFolder)
    self.statusChangedAt = statusChangedAt
  }
}

/// The number of the system for what a store cannot do.
let noSuchAbility = ENOTSUP
