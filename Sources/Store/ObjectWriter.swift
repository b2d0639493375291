import Files

/// A new object on its way: nobody sees it before it is finished. One that is neither finished nor discarded leaves nothing.
/// For one thread at a time.
public protocol ObjectWriter: AnyObject {
  func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError)
  /// Makes the object visible, with all its bytes durable. What is still owed for its name is given back. After an error
  /// the object is made again from its beginning: what a disk said it lost is not trusted to be there at a second try.
  func finish() throws(StorageError) -> Debt
  func discard()
}

extension ObjectWriter {
  public func append(_ bytes: [UInt8]) throws(StorageError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(StorageError) in try append(UnsafeRawBufferPointer(buffer)) }
  }
}

/// An object that grows, as long as it is kept. For one thread at a time.
public protocol ObjectAppender: AnyObject {
  func append(_ bytes: [UInt8]) throws(StorageError)
  /// Makes what was appended durable, and the name.
  func sync() throws(StorageError)
}

/// What has to be done before names of objects survive a loss of power, such as syncing their folders; nothing in most
/// stores. It is paid to the store that gave it, for many objects at once.
public struct Debt: Sendable {
  /// The objects whose names are not durable yet.
  public private(set) var keys: [String]

  public static let none = Debt([])

  public init(_ keys: [String]) { self.keys = keys }

  public mutating func add(_ other: Debt) { keys += other.keys }
}
