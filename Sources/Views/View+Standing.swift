import Files
import Store
import Zarr

extension View {
  /// What is wrong with the image as a whole, by a look at each of its metadata files: one is not there, or cannot be looked
  /// at. Nil where all are there, whatever is in them.
  package var absence: ViewsError? {
    let files = fingerprint.files.sorted().map { KnownStores.absolute($0, in: path) }
    for file in files.isEmpty ? [path] : files {
      do throws(StorageError) {
        if try Place(file).look() == nil { return .inputMissing(view: name, path: file) }
      } catch {
        return error.isMissing ? .inputMissing(view: name, path: file) : .unreadable(view: name, why: .storage(error))
      }
    }
    return nil
  }
}
