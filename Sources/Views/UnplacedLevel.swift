import Geometry
import Zarr

/// One resolution of an image whose file does not say where its voxels are: a plain Zarr, N5 or HDF5 array.
struct UnplacedLevel {
  let array: any ChunkedArray
  /// The absolute path of the array, or of the file that holds it.
  let path: String
  /// The place of the array in that file.
  var dataset: String?
  /// Voxels of the finest level along z, y, x that one voxel of this averages.
  var factor = Vector3(repeating: 1)
}
