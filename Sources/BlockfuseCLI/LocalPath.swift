import ArgumentParser
import Files
import Views

/// A path as it is typed, of a file or folder on this machine: every argument and option that takes one comes through here.
func localPath(_ text: String) throws -> String {
  if let problem = PathProblem(text) { throw CommandLineMistake.error(problem.what, hint: problem.hint) }
  return text
}

/// The path of an output, which is a folder that viewers know by its name.
func outputPath(_ text: String) throws -> String {
  let path = try localPath(text)
  let name = FilePath.lastComponent(of: path)
  guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return path }
  let ending = name[name.index(after: dot)...].lowercased()
  guard otherFormats.contains(ending) else { return path }
  var stem = name[..<dot]
  if stem.lowercased().hasSuffix(".ome"), stem.count > 4 { stem.removeLast(4) }
  throw CommandLineMistake.error(
    "the output is an OME-Zarr (a folder) and not a .\(ending) file", hint: "name it \(stem).ome.zarr")
}

/// Endings of files that the output is not.
private let otherFormats: Set<String> = [
  "tif", "tiff", "btf", "tf2", "tf8", "h5", "hdf5", "hdf", "he5", "n5", "ims", "czi", "lif", "nd2", "lsm", "klb", "mrc", "nrrd", "nii",
  "jp2", "png", "jpg", "jpeg", "gif", "bmp", "webp", "mp4", "avi", "xml", "json", "txt", "csv", "html", "pdf", "npy", "npz", "zip",
  "gz", "tar", "tgz", "sqlite", "db",
]
