import CSystem
import Diagnostics
import Files
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test(arguments: [false, true]) func appearsWithCommitOnly(isNamedLate: Bool) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let unnamed = csystem_open_unnamed(AT_FDCWD, folder.path)
    if unnamed >= 0 { close(unnamed) }
    var file = try AtomicFile(target: folder.path + "/5", tag: "job7", isNamedLate: isNamedLate)
    #expect(folder.files == (isNamedLate && unnamed >= 0 ? [] : [".5.job7.tmp"]))
    #expect(file.temporaryPath == folder.path + "/.5.job7.tmp")
    try file.append([1, 2, 3])
    try [UInt8]([4]).withUnsafeBytes { try file.append($0) }
    #expect(file.byteCount == 4)
    try file.sync()
    #expect(folder.files == [".5.job7.tmp"])
    try file.commit()
    #expect(folder.files == ["5"])
    #expect(try fileBytes(folder.path + "/5") == [1, 2, 3, 4])
  }

  @Test(arguments: [false, true]) func discardedAndForgottenFilesLeaveNothing(isNamedLate: Bool) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([9], to: "5")
    for isSynced in [false, true] {
      var file = try AtomicFile(target: folder.path + "/5", tag: "a", isNamedLate: isNamedLate)
      try file.append([1])
      if isSynced { try file.sync() }
      file.discard()
      do {
        var forgotten = try AtomicFile(target: folder.path + "/5", tag: "b", isNamedLate: isNamedLate)
        try forgotten.append([1])
        if isSynced { try forgotten.sync() }
      }
    }
    #expect(folder.files == ["5"])
    #expect(try fileBytes(folder.path + "/5") == [9])
  }

  @Test(arguments: [false, true]) func replacesTargetAndWhatAKilledWriterLeft(isNamedLate: Bool) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([9, 9, 9], to: "5")
    try folder.write([8, 8, 8, 8], to: ".5.t.tmp")
    var file = try AtomicFile(target: folder.path + "/5", tag: "t", isNamedLate: isNamedLate)
    try file.append([1])
    try file.commit()
    #expect(folder.files == ["5"])
    #expect(try fileBytes(folder.path + "/5") == [1])
  }

  @Test func errorsSayWhatAndWhere() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let missing = folder.path + "/no/5"
    guard case .io(.open, let path, ENOENT)? = thrown(StorageError.self, by: { _ = try AtomicFile(target: missing, tag: "t") }) else {
      Issue.record("no error")
      return
    }
    #expect(path == missing)
    // renaming onto a folder fails, and the temp file goes
    try folder.write([1], to: "d/x")
    var file = try AtomicFile(target: folder.path + "/d", tag: "t")
    try file.append([1])
    do throws(StorageError) {
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
    #expect(
      thrown(StorageError.self) { _ = try AtomicFile(target: folder.path + "/6", tag: "t", isNamedLate: false) }?.code.rawValue
        == "io-failed")
    do {
      var file = try AtomicFile(target: folder.path + "/8", tag: "t")
      try file.append([1])
      #expect(symlink(folder.path + "/elsewhere", folder.path + "/.8.t.tmp") == 0 || errno == EEXIST)
      try file.sync()
    }
    #expect(try fileBytes(folder.path + "/elsewhere") == [7])
    let error = StorageError.io(step: .write, path: "x", errno: ENOSPC)
    #expect(error.code.rawValue == "disk-full" && error.isDiskFull && !error.isTransient)
    #expect(StorageError.io(step: .read, path: "x", errno: EIO).isTransient)
    #expect(!StorageError.io(step: .read, path: "x", errno: EIO).isDiskFull)
  }

  @Test func wholeFiles() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for sync in [false, true] {
      try writeFileAtomically(Data([1, sync ? 2 : 3]), to: folder.path + "/a", sync: sync)
      #expect(folder.files == ["a"])
      #expect(try fileBytes(folder.path + "/a") == [1, sync ? 2 : 3])
    }
    #expect(
      thrown(StorageError.self) { try writeFileAtomically(Data(), to: folder.path + "/n/a", sync: true) }?.code.rawValue == "io-failed")
  }
}
