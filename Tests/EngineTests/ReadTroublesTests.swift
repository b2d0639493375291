import Engine
import Files
import Foundation
import Testing
import Views
import Zarr

@Suite struct ReadTroublesTests {
  private func error(_ file: Int, _ number: Int32 = EIO) -> ViewsError {
    .unreadable(view: "v", why: .storage(.io(step: .read, path: "/disk/\(file)", errno: number)))
  }

  @Test func fewFilesAreToBlame() {
    let troubles = ReadTroubles()
    for file in 1..<ReadTroubles.mostFiles { #expect(troubles.outage(behind: error(file)) == nil) }
    // one file again and again is one file
    for _ in 0..<50 { #expect(troubles.outage(behind: error(1)) == nil) }
    #expect(troubles.outage(behind: error(100))?.what.contains("/disk/100") == true)
  }

  @Test func soAreFilesBetweenOthersThatAreRead() {
    let troubles = ReadTroubles()
    for file in 0..<1000 {
      #expect(troubles.outage(behind: error(file)) == nil)
      if file % 10 == 9 { troubles.ended() }
    }
  }

  @Test func aLargeFileOfWhichNothingCanBeRead() {
    let troubles = ReadTroubles()
    for _ in 1..<ReadTroubles.mostReads { #expect(troubles.outage(behind: error(1)) == nil) }
    #expect(troubles.outage(behind: error(1)) != nil)
  }

  @Test func otherErrorsCountNothing() {
    let troubles = ReadTroubles()
    for file in 0..<1000 {
      #expect(troubles.outage(behind: error(file, EACCES)) == nil)
      #expect(
        troubles.outage(behind: ViewsError.unreadable(view: "v", why: .chunkDamaged(chunk: [0], path: "\(file)", reason: "x"))) == nil)
    }
  }
}
