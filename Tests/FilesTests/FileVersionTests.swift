import Files
import Testing

@Suite struct FileVersionTests {
  /// Records hold these words, so they stay as they are.
  @Test(
    arguments: [
      (1_700_000_000_000_000_012, "7 bytes, 1700000000.000000012"), (0, "7 bytes, 0.000000000"),
      (-500_000_000, "7 bytes, -1.500000000"), (-1_000_000_000, "7 bytes, -1.000000000"),
    ] as [(Int64, String)])
  func timesAreWrittenAsTheSystemCountsThem(nanoseconds: Int64, text: String) {
    #expect(FileVersion(byteCount: 7, modificationTime: nanoseconds, inode: 1).text == text)
  }
}
