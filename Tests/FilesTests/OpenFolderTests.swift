import Files
import Foundation
import TestSupport
import Testing

@Suite struct OpenFolderTests {
  /// What is written through a held folder follows it wherever it goes, and never what has its name by then.
  @Test(arguments: [false, true]) func writesFollowTheFolder(isNamedLate: Bool) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let (path, aside) = (folder.path + "/out", folder.path + "/aside")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    let held = try OpenFolder(path)
    #expect(try held.isInPlace())
    var file = try AtomicFile(target: path + "/1", tag: "a", in: held, isNamedLate: isNamedLate)
    try file.append([1])
    try FileManager.default.moveItem(atPath: path, toPath: aside)
    #expect(try !held.isInPlace())
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(try !held.isInPlace())
    try file.sync()
    try file.commit()
    let maker = FolderMaker(held)
    try maker.ensureParent(of: path + "/2/3")
    for unsynced in maker.takeUnsynced([path + "/2/3"]) { try maker.sync(unsynced) }
    #expect(try maker.remove(path + "/1"))
    #expect(try !maker.remove(path + "/1"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: aside) == ["2"])
    try FileManager.default.removeItem(atPath: aside)
    #expect(throws: StorageError.self) { try maker.ensureParent(of: path + "/4/5") }
  }
}
