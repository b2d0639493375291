import Planning
import Store

/// The way of a job's output into its place in a store without renames: each of its metadata is written where there is none,
/// those last by which it is known as the job's. An output that is to be overwritten is removed before.
struct WrittenPlacement: OutputPlacing {
  let place: Place

  /// Nothing can be made ready elsewhere.
  func prepare(_ files: [OutputFolder.MetadataFile]) {}

  func takePlace(_ files: [OutputFolder.MetadataFile], overwrite: Bool) throws {
    if overwrite { try place.removeAll() }
    var made: [Place] = []
    do {
      for file in files {
        let target = place / file.name
        guard try target.put(file.bytes, if: .absent) != nil else {
          throw JobError.invalid(
            what: "the output \(place.address) exists: somebody else has just made it",
            hint: overwrite ? "submit again, if that is to be replaced too" : "choose another place, or add --overwrite")
        }
        made.append(target)
      }
    } catch {
      // of another output nothing is touched
      for target in made { _ = try? target.remove() }
      throw error
    }
  }

  func giveBack(isPlaced: Bool) -> Bool { !isPlaced || (try? place.removeAll()) != nil }

  func restoreAside() {}

  func removeRemains(_ files: [OutputFolder.MetadataFile], ofKilled: Bool) -> [String] {
    // known by its last metadata, it is somebody's
    guard ofKilled, let last = files.last, !(place / last.name).isThere else { return [] }
    return files.map { place / $0.name }.filter { (try? $0.remove()) == nil && $0.isThere }.map(\.address)
  }

  var keptAside: String? { nil }

  func removeAside() -> String? { nil }
}
