import Files
import Store

extension ZarrArray {
  /// Whether any file is stored for the read units of a box, by the entries of folders alone: if a folder of the key
  /// is missing, all that would lie in it is.
  ///
  /// - Parameter chunks: a range of read units for each axis, inside `chunkGrid`.
  /// - Returns: true also if a shard is stored that holds none of these units.
  public func anyStored(in chunks: [Range<Int>]) throws(ZarrError) -> Bool {
    guard chunks.count == shape.count, chunks.allSatisfy({ !$0.isEmpty }) else { return false }
    let blocks = zip(chunks, chunksPerBlock).map { $0.lowerBound / $1..<($0.upperBound - 1) / $1 + 1 }
    var index = blocks.map(\.lowerBound)
    let hasFolders = place.store.abilities.contains(.folders)
    let parts = keys.key(index).split(separator: "/").count
    if try anyStored(in: blocks, axis: 0, index: &index, foldersPerAxis: hasFolders && parts >= shape.count) { return true }
    // nothing is only nothing where the array itself is still there: a lost mount would look the same
    try checkIsThere()
    return false
  }

  private func anyStored(in blocks: [Range<Int>], axis: Int, index: inout [Int], foldersPerAxis: Bool) throws(ZarrError)
    -> Bool
  {
    for i in blocks[axis] {
      index[axis] = i
      let isLast = axis == blocks.count - 1
      if isLast {
        if try entryExists(blockKey(index)) { return true }
        continue
      }
      if foldersPerAxis {
        // the key up to this axis is a folder
        let key = keys.key(index).split(separator: "/")
        let folder = key.dropLast(blocks.count - 1 - axis).joined(separator: "/")
        if try !entryExists((place / folder).key) { continue }
      }
      if try anyStored(in: blocks, axis: axis + 1, index: &index, foldersPerAxis: foldersPerAxis) { return true }
    }
    index[axis] = blocks[axis].lowerBound
    return false
  }

  /// Anything but a plain absence is an error: a folder that may not be entered is not empty.
  private func entryExists(_ key: String) throws(ZarrError) -> Bool {
    try onStorage { () throws(StorageError) in try place.store.look(at: key) } != nil
  }
}
