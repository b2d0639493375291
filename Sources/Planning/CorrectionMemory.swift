import Views

/// The memory that the images take by which a job's views are corrected.
package struct CorrectionMemory: Sendable {
  /// Numbers that are kept.
  package let keptByteCount: Int
  /// All of it: also one image while it is read.
  package let byteCount: Int

  /// Kept at least: fields of intensity coefficients are small, and many.
  private static let leastByteCount = 64 << 20

  package init(of views: [View]) {
    var (fields, coefficients): (Set<[CorrectionImage]>, Set<CorrectionImage>) = ([], [])
    for correction in views.compactMap(\.details.correction) {
      for channel in 0..<max(correction.flatFields?.count ?? 0, correction.darkFields?.count ?? 0) {
        let pair = [correction.flatFields, correction.darkFields].compactMap { ViewCorrection.image($0, channel: channel) }
        if !pair.isEmpty { fields.insert(pair) }
      }
      if let image = correction.coefficients { coefficients.insert(image) }
    }
    // two numbers of 4 bytes for each voxel of a flat field, two of 8 for each cell of coefficients
    let sizes =
      fields.map { pair in 8 * (pair.map { $0.shape[0] * $0.shape[1] * $0.shape[2] }.max() ?? 0) }
      + coefficients.map { 16 * $0.shape[0] * $0.shape[1] * $0.shape[2] }
    let largest = sizes.max() ?? 0
    keptByteCount = min(sizes.reduce(0) { $0 &+ $1 }, max(Self.leastByteCount, 4 * largest))
    // as doubles, bright, dark and their difference
    byteCount = keptByteCount + 4 * largest
  }
}
