import Store

/// The way of a job's output into its place, and the way back. To be followed while no other submit of the same database
/// does, from `takePlace` on.
package protocol OutputPlacing {
  /// Makes ready what can be made before the place is taken.
  ///
  /// - Parameter files: all metadata, those last by which the output is known as the job's.
  func prepare(_ files: [OutputFolder.MetadataFile]) throws
  /// Makes the output be there, in place of another one if that is to be overwritten; throws where somebody else has made one.
  func takePlace(_ files: [OutputFolder.MetadataFile], overwrite: Bool) throws
  /// Undoes `takePlace`, as far as it came: the new output goes out of the way, the old one comes back where it was kept.
  /// False where the new one stays in its place.
  func giveBack(isPlaced: Bool) -> Bool
  /// Puts the old output back where nothing is in its place.
  func restoreAside()
  /// Removes what is left when the place was given back. Of the old output that is what was to be overwritten, by whom
  /// ever it was. Returns what cannot be removed.
  ///
  /// - Parameter ofKilled: whether it is what another process left, which nobody has undone.
  func removeRemains(_ files: [OutputFolder.MetadataFile], ofKilled: Bool) -> [String]
  /// The old output, where it is still kept.
  var keptAside: String? { get }
  /// Removes the old output; returns its path where that cannot be done.
  func removeAside() -> String?
}

/// The placement that the store of an output can do.
package func placement(ofOutput path: String, uuid: String) -> any OutputPlacing {
  let place = Place(path)
  return place.store.abilities.contains(.renames) ? RenamedPlacement(path: path, uuid: uuid) : WrittenPlacement(place: place)
}
