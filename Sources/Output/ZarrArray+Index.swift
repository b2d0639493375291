import Geometry
import Zarr

extension ZarrArray {
  /// The index of a chunk or block of an output's array, which lacks z where the images are 2D.
  package func index(at position: TCZYX) -> [Int] { position.values(is3D: shape.count > 4) }
}
