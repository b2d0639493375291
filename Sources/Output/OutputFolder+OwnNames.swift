import Files
import Geometry
import Planning
import Store
import Zarr

extension OutputFolder {
  /// The names of this output's metadata, of its blocks' files, whether these were ever made or not, and of the temp files of
  /// both. What others added, such as labels, has other names.
  var ownNames: OwnNames {
    let metadata = Set(metadataFiles().map(\.name))
    // by the name of the array's folder; "" for one that is the output itself
    var found: [String: ChunkNames] = [:]
    for layout in plan.levels {
      let array = array(layout.level)
      found[plan.output.isOMEZarr ? "\(layout.level)" : ""] = ChunkNames(
        outermost: array.zarrFormat == 3 ? ZarrFileName.v3Chunks : nil, counts: array.index(at: layout.grid.count))
    }
    let chunkNames = found
    /// The way to a file from the folder of its array, and how its chunks are named; nil where no array is on the way.
    @Sendable func inArray(_ names: [String]) -> (names: ArraySlice<String>, chunks: ChunkNames)? {
      if let chunks = chunkNames[""] { return (names[...], chunks) }
      return names.first.flatMap { chunkNames[$0] }.map { (names.dropFirst(), $0) }
    }
    return OwnNames { names in
      guard let last = names.last else { return false }
      var target = names
      if let final = TemporaryName.target(of: last) { target[target.count - 1] = final }
      return metadata.contains(target.joined(separator: "/")) || inArray(target).map { $0.chunks.isFile($0.names) } == true
    } isFolder: { names in
      inArray(names).map { $0.names.isEmpty || $0.chunks.isFolder($0.names) } == true
    }
  }
}

/// The names of an array's chunks or shards below its folder: nested by the indices of the axes.
private struct ChunkNames: Sendable {
  let outermost: String?
  /// Files along each axis.
  let counts: [Int]

  func isFile(_ names: ArraySlice<String>) -> Bool {
    indices(names).map { $0.count == counts.count && fit($0) } == true
  }

  func isFolder(_ names: ArraySlice<String>) -> Bool {
    indices(names).map { $0.count < counts.count && fit($0) } == true
  }

  private func indices(_ names: ArraySlice<String>) -> ArraySlice<String>? {
    guard let outermost else { return names.isEmpty ? nil : names }
    return names.first == outermost ? names.dropFirst() : nil
  }

  private func fit(_ indices: ArraySlice<String>) -> Bool {
    zip(indices, counts).allSatisfy { name, count in Int(name).map { (0..<count).contains($0) && String($0) == name } == true }
  }
}
