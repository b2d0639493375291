/// A picture of 8-bit red, green and blue.
public struct Picture: Sendable, Hashable {
  public let width: Int
  public let height: Int
  /// Three bytes a pixel, row by row.
  public var bytes: [UInt8]

  /// A black one. Both lengths must be positive.
  public init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    bytes = [UInt8](repeating: 0, count: width * height * 3)
  }

  public subscript(row: Int, column: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    get {
      let i = (row * width + column) * 3
      return (bytes[i], bytes[i + 1], bytes[i + 2])
    }
    set {
      let i = (row * width + column) * 3
      (bytes[i], bytes[i + 1], bytes[i + 2]) = newValue
    }
  }
}
