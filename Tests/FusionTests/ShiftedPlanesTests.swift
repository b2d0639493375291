import Fusion
import Geometry
import Testing

@Suite struct ShiftedPlanesTests {
  /// Blocks that one view covers are its voxels: read in place, constants included, and the same as in any other block.
  @Test func blocksInsideOneViewAreItsVoxels() throws {
    var g = SeededGenerator(seed: 21)
    let shape = Index3(4, 9, 12)
    for type in [ElementType.uint8, .uint16, .int16, .uint64] {
      var views = [
        randomView(id: 0, type: type, shape: shape, map: PixelMap(rows: AffineMap.identity.rows, offset: .zero), using: &g),
        randomView(
          id: 1, type: type, shape: shape, map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, -9)), using: &g),
      ]
      if type == .uint16 {
        let stored = [UInt16](repeating: 777, count: 4 * 9 * 12)
        views[1] = twinView(id: 1, stored, shape: shape, type: type, map: views[1].placed.map) { Double($0) }
      }
      let volume = Index3(4, 9, 21)
      let recipe = try FusionRecipe(blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume))
      let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume, findsConstants: true)
      let small = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(3, 4, 5), findsConstants: true)
      #expect(whole == small, "\(type)")
      let bytes = type.byteCount
      for (x, view, own) in [(0, 0, 0), (8, 0, 8), (12, 1, 3), (20, 1, 11)] {
        let at = ((2 * 9 + 5) * 21 + x) * bytes
        let from = ((2 * 9 + 5) * 12 + own) * bytes
        #expect(small[at..<(at + bytes)].elementsEqual(views[view].bytes[from..<(from + bytes)]), "\(type) \(x)")
      }
    }
  }
}
