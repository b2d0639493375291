import Geometry

/// Changes of a view's stored voxels before they are interpolated: flat field and dark image, then a field of intensity
/// coefficients. The numbers of one channel and time point; the value that is no value is the view's own (`PlacedView.nodata`).
public struct VoxelCorrection: Sendable {
  public let flatField: FlatField?
  public let coefficients: CoefficientField?

  public init(flatField: FlatField? = nil, coefficients: CoefficientField? = nil) {
    (self.flatField, self.coefficients) = (flatField, coefficients)
  }

  public var isNothing: Bool { flatField == nil && coefficients == nil }
  public var byteCount: Int { (flatField?.byteCount ?? 0) + (coefficients?.byteCount ?? 0) }
}

/// A flat field as two numbers for each voxel of a view, or of its planes: `(v - dark) * gain`, held to the range of the view's
/// type. A gain that is NaN makes no value.
public struct FlatField: Sendable {
  /// 1 along z: the same for all planes.
  public let shape: Index3
  let dark: [Float]
  let gain: [Float]

  /// - Parameters:
  ///   - bright: nil for 1 everywhere, so that only the dark image is taken off.
  ///   - dark: nil for 0 everywhere. Both have the voxels of `shape`, in C order.
  public init(bright: [Double]?, dark: [Double]?, shape: Index3) {
    self.shape = shape
    let count = bright?.count ?? dark?.count ?? 0
    self.dark = (0..<count).map { Float(dark?[$0] ?? 0) }
    guard let bright else {
      gain = [Float](repeating: 1, count: count)
      return
    }
    let light = (0..<count).map { bright[$0] - (dark?[$0] ?? 0) }
    let mean = light.reduce(0, +) / Double(max(count, 1))
    gain = light.map { $0 > 0 && $0.isFinite ? Float(mean / $0) : .nan }
  }

  public var byteCount: Int { 2 * dark.count * MemoryLayout<Float>.stride }

  /// Corrects the numbers of a row of the view, from a voxel on.
  func apply<S: RowArithmetic>(
    to row: UnsafeMutablePointer<S>, count: Int, from voxel: Index3, least: S, most: S
  ) {
    let plane = shape[0] == 1 ? 0 : voxel[0]
    let start = (plane * shape[1] + voxel[1]) * shape[2] + voxel[2]
    dark.withUnsafeBufferPointer { dark in
      gain.withUnsafeBufferPointer { gain in
        guard let dark = dark.baseAddress, let gain = gain.baseAddress else { return }
        for i in 0..<count {
          let number = (row[i] - S(dark[start + i])) * S(gain[start + i])
          // NaN is neither below nor above
          row[i] = number < least ? least : number > most ? most : number
        }
      }
    }
  }
}
