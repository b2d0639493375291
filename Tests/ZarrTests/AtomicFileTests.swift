import Foundation
import Testing
import Zarr

@Suite struct AtomicFileTests {
  @Test func appearsWithCommitOnly() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var file = try AtomicFile(target: folder.path + "/5", tag: "job7")
    #expect(folder.files == [".5.job7.tmp"] && file.temporaryPath == folder.path + "/.5.job7.tmp")
    try file.append([1, 2, 3])
    try [UInt8]([4]).withUnsafeBytes { try file.append($0) }
    #expect(file.byteCount == 4)
    try file.sync()
    #expect(folder.files == [".5.job7.tmp"])
    try file.commit()
    #expect(folder.files == ["5"])
    #expect(try fileBytes(folder.path + "/5") == [1, 2, 3, 4])
  }

  @Test func discardedAndForgottenFilesLeaveNothing() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([9], to: "5")
    var file = try AtomicFile(target: folder.path + "/5", tag: "a")
    try file.append([1])
    file.discard()
    do {
      var forgotten = try AtomicFile(target: folder.path + "/5", tag: "b")
      try forgotten.append([1])
    }
    #expect(folder.files == ["5"])
    #expect(try fileBytes(folder.path + "/5") == [9])
  }

  @Test func replacesTargetAndWhatAKilledWriterLeft() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([9, 9, 9], to: "5")
    try folder.write([8, 8, 8, 8], to: ".5.t.tmp")
    var file = try AtomicFile(target: folder.path + "/5", tag: "t")
    try file.append([1])
    try file.commit()
    #expect(folder.files == ["5"])
    #expect(try fileBytes(folder.path + "/5") == [1])
  }

  @Test func errorsSayWhatAndWhere() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let missing = folder.path + "/no/5"
    guard case .io(.open, let path, ENOENT)? = zarrError({ _ = try AtomicFile(target: missing, tag: "t") }) else {
      Issue.record("no error")
      return
    }
    #expect(path == folder.path + "/no/.5.t.tmp")
    // renaming onto a folder fails, and the temp file goes
    try folder.write([1], to: "d/x")
    var file = try AtomicFile(target: folder.path + "/d", tag: "t")
    try file.append([1])
    do throws(ZarrError) {
      try file.commit()
      Issue.record("no error")
    } catch {
      guard case .io(.rename, folder.path + "/d", _) = error else {
        Issue.record("\(error)")
        return
      }
    }
    #expect(folder.files == ["d/x"])
  }

  @Test func linksAreNotFollowedAndFullDisksAreTold() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([7], to: "elsewhere")
    #expect(symlink(folder.path + "/elsewhere", folder.path + "/.6.t.tmp") == 0)
    #expect(zarrError { _ = try AtomicFile(target: folder.path + "/6", tag: "t") }?.code == "io-failed")
    #expect(try fileBytes(folder.path + "/elsewhere") == [7])
    let error = ZarrError.io(step: .write, path: "x", errno: ENOSPC)
    #expect(error.code == "disk-full" && error.isDiskFull && !error.isTransient)
    #expect(ZarrError.io(step: .read, path: "x", errno: EIO).isTransient)
    #expect(!ZarrError.io(step: .read, path: "x", errno: EIO).isDiskFull)
  }

  @Test func wholeFiles() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for sync in [false, true] {
      try writeFileAtomically(Data([1, sync ? 2 : 3]), to: folder.path + "/a", sync: sync)
      #expect(folder.files == ["a"])
      #expect(try fileBytes(folder.path + "/a") == [1, sync ? 2 : 3])
    }
    #expect(zarrError { try writeFileAtomically(Data(), to: folder.path + "/n/a", sync: true) }?.code == "io-failed")
  }
}
