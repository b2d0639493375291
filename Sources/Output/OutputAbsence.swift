import Files
import Store

/// Whether an output is certainly gone. A disk that is not mounted looks the same from afar: so it counts as gone only where
/// the folder that held it is there and answers; of a link, the folder that it leads into.
package enum OutputAbsence: Equatable, Sendable {
  /// Something is there, whatever it is.
  case there
  /// In an empty folder, as a place is too where no disk is mounted, that is less sure.
  case gone(inEmptyFolder: Bool)
  /// Why it cannot be said.
  case unknown(String)

  package init(of path: String) {
    let place = Place(path)
    do throws(StorageError) {
      if try place.look() != nil || place.isFolder {
        self = .there
        return
      }
      var above = place.above
      if let path = place.filePath { above = Place(FilePath.folder(of: try FilePath.linkEnd(of: path))) }
      self = .gone(inEmptyFolder: try above.entries().isEmpty)
    } catch {
      // the folder is not there, or does not answer
      self = .unknown(error.description)
    }
  }
}
