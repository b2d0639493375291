import Geometry

/// Voxels as they are stored: rows that need no arithmetic, and integers that a `Double` cannot hold.
extension ViewRows {
  /// Whether rows are stored voxels as they are, of a type without NaN.
  func isPlainCopyOfPatch() -> Bool {
    guard view.mapClass == .separable, !isConstant, columnShift != nil, !view.isScaled, view.elementType.isInteger
    else { return false }
    return order == 0 || (isWhole(0) && isWhole(1) && fractionX == 0)
  }

  private func isWhole(_ axis: Int) -> Bool {
    lines[axis].scale == 1 && lines[axis].position(at: region.lower[axis]).fraction == 0
  }

  /// The stored voxels of a row, where `isPlainCopy`.
  func storedRow(z: Int, y: Int, x: Int) -> UnsafeRawPointer {
    let row = order == 0
      ? patchOffset(lines[0].nearest(at: z), lines[1].nearest(at: y))
      : patchOffset(lines[0].position(at: z).base, lines[1].position(at: y).base)
    return voxels + (row + x + (columnShift ?? 0)) * view.elementType.byteCount
  }

  /// Elements from the first voxel of the patch to the first of a row.
  func patchOffset(_ z: Int, _ y: Int) -> Int {
    (z - patchBox.lower[0]) * planeStride + (y - patchBox.lower[1]) * rowStride
  }

  // MARK: exact integers

  /// The stored 64-bit integer of a valid output voxel whose sample is a voxel itself; nil where it is interpolated.
  func storedInteger(z: Int, y: Int, x: Int) -> Int128? {
    var at = Index3(repeating: 0)
    if view.mapClass == .separable {
      let index = Index3(z, y, x)
      for axis in 0..<3 {
        if order == 0 {
          at[axis] = lines[axis].nearest(at: index[axis])
        } else {
          let (base, fraction) = lines[axis].position(at: index[axis])
          if fraction != 0 { return nil }
          at[axis] = base
        }
      }
    } else {
      let start = rowStart(z: z, y: y)
      for axis in 0..<3 {
        let p = min(max(start[axis] + view.map.rows[axis][2] * Double(x), 0), Double(view.shape[axis] - 1))
        let whole = order == 0 ? (p + 0.5).rounded(.down) : p.rounded(.down)
        if order == 1 && p != whole { return nil }
        at[axis] = Int(whole)
      }
    }
    let offset = isConstant ? 0 : (patchOffset(at[0], at[1]) + at[2] - patchBox.lower[2]) * 8
    switch view.elementType {
    case .uint64: return Int128(voxels.load(fromByteOffset: offset, as: UInt64.self))
    case .int64: return Int128(voxels.load(fromByteOffset: offset, as: Int64.self))
    default: return nil
    }
  }
}

extension PlacedView {
  /// Where the voxels of a box of the output lie in the view, if it alone makes them and they are stored there as they
  /// are: it covers the box, shifted by whole voxels, in the output's own type, without NaN. Else nil.
  func storedBox(of box: Box3, order: Int, as conversion: OutputConversion) -> Box3? {
    guard order == 0 ? map.isShift : map.isWholeShift, !isScaled, elementType.isInteger,
      elementType == conversion.type, conversion.range == nil
    else { return nil }
    let stored = inputBox(for: box, order: order)
    return stored.shape == box.shape ? stored : nil
  }
}

/// The bytes of a patch; refuses what could not be indexed by 32 bits.
func patchByteCount(_ box: Box3, elementByteCount: Int, view: Int) throws(FusionError) -> Int {
  let shape = box.shape
  let (plane, overflow1) = shape[1].multipliedReportingOverflow(by: shape[2])
  let (count, overflow2) = plane.multipliedReportingOverflow(by: shape[0] + 1)
  if overflow1 || overflow2 { throw .tooLarge(what: "the voxels of view \(view) for one block", byteCount: nil) }
  if count >= Int(Int32.max) - plane {
    throw .tooLarge(what: "the voxels of view \(view) for one block", byteCount: count &* elementByteCount)
  }
  return box.count * elementByteCount
}
