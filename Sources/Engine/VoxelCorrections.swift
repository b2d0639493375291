import Fusion
import Geometry
import Memory
import Planning
import Synchronization
import Views

/// The images that correct the views of a job, as numbers: read when a block first needs them, and kept as long as there is room.
///
/// What is read must be what was recorded, so that blocks of one job never see different ones.
final class VoxelCorrections: Sendable {
  private enum Key: Hashable {
    case flatField(CorrectionImage?, dark: CorrectionImage?)
    case coefficients(CorrectionImage)
  }

  private enum Numbers {
    case flatField(FlatField)
    case coefficients(CoefficientField)

    var byteCount: Int {
      switch self {
      case .flatField(let field): field.byteCount
      case .coefficients(let field): field.byteCount
      }
    }
  }

  private let known = Mutex(LeastRecentlyUsed<Key, Numbers>())
  private let byteLimit: Int

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// - Parameter channel: of the view's image.
  func correction(of view: View, channel: Int) throws(ViewsError) -> VoxelCorrection {
    guard let correction = view.details.correction else { return VoxelCorrection() }
    let flat = ViewCorrection.image(correction.flatFields, channel: channel)
    let dark = ViewCorrection.image(correction.darkFields, channel: channel)
    var flatField: FlatField?
    if flat != nil || dark != nil, case .flatField(let field) = try numbers(.flatField(flat, dark: dark), view: view.name) {
      flatField = field
    }
    var coefficients: CoefficientField?
    if let image = correction.coefficients, case .coefficients(let field) = try numbers(.coefficients(image), view: view.name) {
      coefficients = field
    }
    return VoxelCorrection(flatField: flatField, coefficients: coefficients)
  }

  private func numbers(_ key: Key, view: String) throws(ViewsError) -> Numbers {
    // whoever needs the same waits: to read it twice would take the memory twice
    try known.withLock { (known) throws(ViewsError) -> Numbers in
      if let numbers = known.use(key) { return numbers }
      let numbers = try Self.read(key, view: view)
      known.insert(numbers, for: key, cost: numbers.byteCount)
      known.shrink(toCost: byteLimit, keeping: 1)
      return numbers
    }
  }

  private static func read(_ key: Key, view: String) throws(ViewsError) -> Numbers {
    switch key {
    case .flatField(let flat, let dark):
      let shape = pointwiseMax(flat?.shape ?? .init(repeating: 1), dark?.shape ?? .init(repeating: 1))
      func numbers(_ image: CorrectionImage?) throws(ViewsError) -> [Double]? {
        guard let image else { return nil }
        let own = try image.numbers(view: view)
        // one plane for all
        return image.shape[0] == shape[0] ? own : (0..<shape[0]).flatMap { _ in own }
      }
      return .flatField(FlatField(bright: try numbers(flat), dark: try numbers(dark), shape: shape))
    case .coefficients(let image):
      let numbers = try image.numbers(view: view)
      let count = numbers.count / 2
      return .coefficients(
        CoefficientField(
          gain: Array(numbers[..<count]), offset: Array(numbers[count...]), shape: image.shape, threshold: image.threshold ?? .nan))
    }
  }
}
