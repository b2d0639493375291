import Files
import Foundation
import Geometry
import JobStore
import Planning
import Store
import Views
import Zarr

/// What stands where a file of an output, or a folder on the way to it, belongs, and cannot be written over.
package struct Obstacle: Sendable, Hashable {
  enum Kind: Sendable {
    /// Anything but a folder is in the way; a link to one is as good.
    case folder
    /// Only a folder is in the way.
    case file
  }

  package let path: String
  let kind: Kind

  package var isThere: Bool {
    var status = stat()
    // a store that is no file system has no folders to stand in the way
    guard let path = Place(path).filePath, lstat(path, &status) == 0 else { return false }
    switch kind {
    case .file: return status.st_mode & S_IFMT == S_IFDIR
    case .folder:
      if status.st_mode & S_IFMT == S_IFDIR { return false }
      if stat(path, &status) == 0 { return status.st_mode & S_IFMT != S_IFDIR }
      return [ENOENT, ELOOP, ENOTDIR].contains(errno)
    }
  }
}

/// Finds the obstacles on the way to some blocks' files, and to the metadata. Costs a look at each block's file.
package struct Obstacles {
  private let output: OutputFolder
  package private(set) var found: [Obstacle] = []
  /// Whether a folder is there and can be passed.
  private var isPassable: [String: Bool]

  package init(_ output: OutputFolder) {
    self.output = output
    isPassable = [output.path: true]
  }

  package mutating func look(at block: BlockID) { look(atFile: output.file(of: block.position, level: block.level)) }

  package mutating func lookAtMetadata() {
    for folder in Set(output.plan.levels.map { output.array($0.level).path }).union([output.path]) {
      for name in ZarrFileName.all { look(atFile: "\(folder)/\(name)") }
    }
  }

  private mutating func look(atFile path: String) {
    guard output.place.filePath != nil, passes(FilePath.folder(of: path)) else { return }
    let obstacle = Obstacle(path: path, kind: .file)
    if obstacle.isThere { found.append(obstacle) }
  }

  private mutating func passes(_ folder: String) -> Bool {
    if let known = isPassable[folder] { return known }
    guard folder.hasPrefix(output.path + "/"), passes(FilePath.folder(of: folder)) else { return false }
    let obstacle = Obstacle(path: folder, kind: .folder)
    if obstacle.isThere { found.append(obstacle) }
    let passes = FileStatus.isFolder(folder)
    isPassable[folder] = passes
    return passes
  }
}
