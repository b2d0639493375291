import Diagnostics
import Foundation
import Testing
import Views

@Suite struct ForeignFormatTests {
  private func words(_ numbers: [UInt32], bigEndian: Bool = false) -> Data {
    Data(
      (bigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0])
        + numbers.flatMap { number in
          let bytes = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
          return bigEndian ? bytes.reversed() : bytes
        } + [UInt8](repeating: 0, count: 40))
  }

  private func refused(_ folder: ViewsTestFolder, _ name: String) -> Bool {
    let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/" + name) }
    return error?.code.rawValue == "format-unsupported" && error?.description.contains("NDTiff") == true
  }

  @Test(arguments: [false, true])
  func ndTiffIsKnownByItsHeader(bigEndian: Bool) throws {
    let folder = try ViewsTestFolder()
    for numbers: [UInt32] in [[8, 483_729, 2], [8, 483_729, 3, 3, 2_355_492], [8, 54_773_648, 0, 483_765_892, 0, 483_729, 1]] {
      try folder.write("a.tif", words(numbers, bigEndian: bigEndian))
      #expect(refused(folder, "a.tif"))
    }
    // a stack of Micro-Manager, or any bytes, unless there is the index too
    for numbers: [UInt32] in [[8, 54_773_648, 0, 483_765_892, 0, 99_384_722, 1], [8, 483_729, 0], [8, 1, 483_729]] {
      try folder.write("a.tif", words(numbers, bigEndian: bigEndian))
      #expect(!refused(folder, "a.tif"))
    }
    try folder.write("NDTiff.index", Data([1]))
    try folder.write("a.tif", words([8, 54_773_648, 0, 483_765_892, 0, 99_384_722, 1], bigEndian: bigEndian))
    #expect(refused(folder, "a.tif"))
  }

  @Test func foldersOfNDTiffAreKnownByTheirIndex() throws {
    let folder = try ViewsTestFolder()
    try folder.write("scan/Full resolution/NDTiff.index", Data([1]))
    try folder.write("scan/other.txt", "text")
    for name in ["scan", "scan/Full resolution", "scan/Full resolution/NDTiff.index", ""] { #expect(refused(folder, name), "\(name)") }
    // an image by itself is one
    try folder.write("a.tif", TinyTIFF(planes: [[1, 2]], width: 2).bytes)
    #expect(try Dataset.load(folder.path).views.count == 1)
  }
}
