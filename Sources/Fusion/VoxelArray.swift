import Geometry

/// A three-dimensional array over a box of the output, addressed by global output indices; lent to a function for the
/// time of one call and not to be kept.
public struct VoxelArray<Element: BitwiseCopyable> {
  public let box: Box3
  /// `box.count` elements in C order.
  public let elements: UnsafeBufferPointer<Element>

  init(box: Box3, base: UnsafePointer<Element>) {
    self.box = box
    elements = UnsafeBufferPointer(start: base, count: box.count)
  }

  /// The row of the box at z and y.
  public func row(z: Int, y: Int) -> UnsafeBufferPointer<Element> {
    row(z: z, y: y, x: box.lower[2]..<box.upper[2])
  }

  public func row(z: Int, y: Int, x: Range<Int>) -> UnsafeBufferPointer<Element> {
    precondition(x.lowerBound >= box.lower[2] && x.upperBound <= box.upper[2])
    return UnsafeBufferPointer(rebasing: elements[offset(z, y, x.lowerBound)..<(offset(z, y, x.lowerBound) + x.count)])
  }

  public subscript(z: Int, y: Int, x: Int) -> Element { elements[offset(z, y, x)] }

  private func offset(_ z: Int, _ y: Int, _ x: Int) -> Int {
    let shape = box.shape
    return ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2] + (x - box.lower[2])
  }
}

/// A three-dimensional array over a box of the output, to be written; otherwise like `VoxelArray`.
public struct MutableVoxelArray<Element: BitwiseCopyable> {
  public let box: Box3
  public let elements: UnsafeMutableBufferPointer<Element>

  init(box: Box3, base: UnsafeMutablePointer<Element>) {
    self.box = box
    elements = UnsafeMutableBufferPointer(start: base, count: box.count)
  }

  public func row(z: Int, y: Int) -> UnsafeMutableBufferPointer<Element> {
    let shape = box.shape
    let start = ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2]
    return UnsafeMutableBufferPointer(rebasing: elements[start..<(start + shape[2])])
  }

  public subscript(z: Int, y: Int, x: Int) -> Element {
    get { elements[offset(z, y, x)] }
    nonmutating set { elements[offset(z, y, x)] = newValue }
  }

  private func offset(_ z: Int, _ y: Int, _ x: Int) -> Int {
    let shape = box.shape
    return ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2] + (x - box.lower[2])
  }
}
