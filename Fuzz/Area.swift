import Foundation

/// One part of the program that is fed with almost right input. An error is a right answer; a trap, a hang, or memory
/// without end is not.
protocol Area: SendableMetatype {
  static var name: String { get }
  /// - Parameter folder: of its own, empty.
  init(folder: String) throws
  /// One case. What is thrown here is an answer.
  func run(_ random: inout SeededRandom) throws
}

enum Areas {
  static var all: [any Area.Type] {
    [JSONArea.self, ArrayArea.self, ChunkArea.self, DatasetArea.self, FormatArea.self, JobArea.self]
  }
}

func write(_ bytes: [UInt8], to path: String) throws {
  try FileManager.default.createDirectory(
    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
