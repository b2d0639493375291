import Geometry

/// Copies the rows of `part` from one dense box of voxels into another; both hold `part`.
func copyRows(
  from source: UnsafeRawBufferPointer, fromBox: Box3, to target: UnsafeMutableRawBufferPointer, toBox: Box3,
  part: Box3, elementByteCount: Int
) {
  let rowByteCount = part.shape[2] * elementByteCount
  guard rowByteCount > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
  func offset(_ z: Int, _ y: Int, in box: Box3) -> Int {
    (((z - box.lower[0]) * box.shape[1] + (y - box.lower[1])) * box.shape[2] + part.lower[2] - box.lower[2])
      * elementByteCount
  }
  for z in part.lower[0]..<part.upper[0] {
    for y in part.lower[1]..<part.upper[1] {
      to.advanced(by: offset(z, y, in: toBox))
        .copyMemory(from: from.advanced(by: offset(z, y, in: fromBox)), byteCount: rowByteCount)
    }
  }
}
