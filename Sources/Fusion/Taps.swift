import CKernels

/// The places of a row's samples in a patch: the index of each sample's lower corner, and the fractions of the way to the
/// next voxel.
struct Taps<S: FusionScalar> {
  let index: UnsafeMutablePointer<Int32>
  let fractionZ: UnsafeMutablePointer<S>
  let fractionY: UnsafeMutablePointer<S>
  let fractionX: UnsafeMutablePointer<S>
  var count: Int
}

extension Taps where S == Float {
  /// The same places, as the kernels in C take them.
  var kernelTaps: ck_taps {
    ck_taps(index: index, fraction_z: fractionZ, fraction_y: fractionY, fraction_x: fractionX)
  }
}
