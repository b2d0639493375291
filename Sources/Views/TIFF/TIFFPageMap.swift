import Geometry

/// The page that each plane of an image is, and its file. A page is one of a file's directories that are images; if a
/// file keeps all its planes behind the first directory, it is the number of the plane.
struct TIFFPageMap: Sendable, Hashable {
  struct Place: Sendable, Hashable {
    /// The number of the file in the image's list.
    var file: Int
    var page: Int
  }

  /// Planes along t, c and z; samples of a pixel (RGB) are not counted.
  let t: Int
  let c: Int
  let z: Int
  private let order: Order

  private enum Order: Sendable, Hashable {
    /// All planes are in the first file, at page `first + t * strides.t + c * strides.c + z * strides.z`.
    case strides(first: Int, t: Int, c: Int, z: Int)
    /// The place of plane t, c, z is at `(t * count of c + c) * count of z + z`.
    case table([Place])
  }

  var count: Int { t * c * z }

  /// More than any file has.
  private static let maximumCount = 1 << 24

  /// The planes along axes of these lengths; nil if a length is not positive, or no file has so many.
  static func count(_ lengths: [Int]) -> Int? {
    var count = 1
    for length in lengths {
      let (product, isOverflow) = count.multipliedReportingOverflow(by: length)
      guard !isOverflow, (1...maximumCount).contains(product) else { return nil }
      count = product
    }
    return count
  }

  /// Planes one after the other in the first file; `order` has t, c and z from the one that changes fastest to the slowest.
  init(t: Int, c: Int, z: Int, order: [Axis], first: Int = 0) {
    (self.t, self.c, self.z) = (t, c, z)
    var strides: [Axis: Int] = [:]
    var step = 1
    for axis in order {
      strides[axis] = step
      step *= axis == .t ? t : axis == .c ? c : z
    }
    self.order = .strides(first: first, t: strides[.t] ?? 0, c: strides[.c] ?? 0, z: strides[.z] ?? 0)
  }

  /// One place for each plane, z changing fastest, then c. It costs memory only if the places have no regular order.
  init(t: Int, c: Int, z: Int, places: [Place]) {
    precondition(places.count == t * c * z)
    (self.t, self.c, self.z) = (t, c, z)
    let first = places[0].page
    let strides = Order.strides(
      first: first, t: t > 1 ? places[c * z].page - first : 0, c: c > 1 ? places[z].page - first : 0,
      z: z > 1 ? places[1].page - first : 0)
    let isRegular = places.indices.allSatisfy { i in
      places[i].file == 0 && places[i].page == TIFFPageMap.page(strides, t: i / (c * z), c: i / z % c, z: i % z)
    }
    order = isRegular ? strides : .table(places)
  }

  subscript(t t: Int, c c: Int, z z: Int) -> Place {
    switch order {
    case .strides: Place(file: 0, page: TIFFPageMap.page(order, t: t, c: c, z: z))
    case .table(let places): places[(t * self.c + c) * self.z + z]
    }
  }

  /// The same planes along one axis, in the order of t, c, z that they have.
  func along(_ axis: Axis) -> TIFFPageMap {
    let places = (0..<count).map { i in self[t: i / (c * z), c: i / z % c, z: i % z] }
    return TIFFPageMap(t: axis == .t ? count : 1, c: axis == .c ? count : 1, z: axis == .z ? count : 1, places: places)
  }

  /// The last page that is used of each file.
  func lastPages(fileCount: Int) -> [Int] {
    var last = [Int](repeating: -1, count: fileCount)
    switch order {
    case .strides: last[0] = max(self[t: 0, c: 0, z: 0].page, farthest)
    case .table(let places): for place in places { last[place.file] = max(last[place.file], place.page) }
    }
    return last
  }

  /// With strides that may be negative: the highest page is at a corner.
  private var farthest: Int {
    var highest = 0
    for corner in 0..<8 {
      let page = TIFFPageMap.page(
        order, t: corner & 1 == 0 ? 0 : t - 1, c: corner & 2 == 0 ? 0 : c - 1, z: corner & 4 == 0 ? 0 : z - 1)
      highest = max(highest, page)
    }
    return highest
  }

  private static func page(_ order: Order, t: Int, c: Int, z: Int) -> Int {
    guard case .strides(let first, let tStep, let cStep, let zStep) = order else { return 0 }
    return first + t * tStep + c * cStep + z * zStep
  }
}
