import Foundation
import Fusion
import Geometry

/// Fusing one block from voxels in memory, as a part of the speed of copying the block.
struct KernelBenchmark {
  private static let side = 128
  private let source: UnsafeMutableRawBufferPointer
  private let block = Box3(shape: Index3(repeating: side))
  /// Larger than the block, so that views cover it whatever they are moved by.
  private let viewShape = Index3(repeating: side + 64)

  private struct MemoryReader: VoxelReader {
    let shape: Index3
    let voxels: UnsafeRawBufferPointer

    func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) -> PatchContent {
      let row = box.shape[2] * 2
      var to = 0
      for z in box.lower[0]..<box.upper[0] {
        for y in box.lower[1]..<box.upper[1] {
          let from = ((z * shape[1] + y) * shape[2] + box.lower[2]) * 2
          UnsafeMutableRawBufferPointer(rebasing: buffer[to..<(to + row)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: voxels[from..<(from + row)]))
          to += row
        }
      }
      return .voxels
    }

    func lend(_ view: PlacedView, box: Box3) -> LentVoxels? {
      let (rowStride, planeStride) = (shape[2], shape[1] * shape[2])
      let first = box.lower[0] * planeStride + box.lower[1] * rowStride + box.lower[2]
      return voxels.baseAddress.map {
        LentVoxels(start: $0 + 2 * first, rowStride: rowStride, planeStride: planeStride, holder: nil)
      }
    }
  }

  init() {
    let count = viewShape[0] * viewShape[1] * viewShape[2]
    source = .allocate(byteCount: 2 * count, alignment: 64)
    for i in 0..<count {
      source.storeBytes(of: UInt16(truncatingIfNeeded: i &* 2_654_435_761 >> 7 & 4095 | 1), toByteOffset: 2 * i, as: UInt16.self)
    }
  }

  func run(_ table: inout Table) throws {
    table.section("Fusion of a block of \(Self.side)³, uint16", ["kernel", "Mvoxel/s", "of memcpy"])
    let whole = Vector3(-9, -11, -13)
    let part = Vector3(-9.3, -11.7, -13.2)
    let turned = 3.0 * .pi / 180
    let rotation = [Vector3(1, 0, 0), Vector3(0, cos(turned), -sin(turned)), Vector3(0, sin(turned), cos(turned))]
    let tilted = [Vector3(cos(turned), 0, -sin(turned)), Vector3(0, 1, 0), Vector3(sin(turned), 0, cos(turned))]
    let straight = AffineMap.identity.rows
    try fuse("one view, whole voxels", [(straight, whole)], &table)
    try fuse("one view, sub-voxel", [(straight, part)], &table)
    try fuse("one view, turned about z", [(rotation, part)], &table)
    try fuse("one view, tilted", [(tilted, part)], &table)
    // the second ends in the middle of the block: both have borders in it
    try fuse("two views, whole voxels", [(straight, whole), (straight, Vector3(0, 0, 64))], &table)
    try fuse("two views, sub-voxel", [(straight, part), (straight, Vector3(0.4, 0.3, 64.6))], &table)
    try fuse("two views, tilted", [(tilted, part), (tilted, Vector3(0.4, 0.3, 64.6))], &table)
    try fuse("maximum of two, sub-voxel", function: "max_fusion", [(straight, part), (straight, Vector3(0.4, 0.3, 64.6))], &table)
    try fuse(
      "two views, content weights", weights: "content_based", [(straight, part), (straight, Vector3(0.4, 0.3, 64.6))], &table)
    try fuse(
      "two views, weights by tiles", weights: "content_based_dct", [(straight, part), (straight, Vector3(0.4, 0.3, 64.6))], &table)
    try downsample(&table)
  }

  private func fuse(
    _ name: String, function: String = "weighted_average_fusion", weights: String? = nil,
    _ views: [(rows: [Vector3], shift: Vector3)], _ table: inout Table
  ) throws {
    let placed = try views.enumerated().map { i, view in
      let affine = AffineMap(rows: view.rows, translation: view.shift)
      let map = try PixelMap(
        affine: affine, viewSpacing: .one, viewOrigin: .zero, outputSpacing: .one, outputOrigin: .zero)
      return PlacedView(id: i, map: map, shape: viewShape, spacing: .one, affine: affine, elementType: .uint16)
    }
    let context = FusionContext(outputVolume: block, outputSpacing: .one, outputOrigin: .zero, blendsZ: true)
    let recipe = try FusionRecipe(function: function, weights: weights, outputType: .uint16, context: context)
    let fuser = BlockFuser(recipe: recipe)
    let reader = MemoryReader(shape: viewShape, voxels: UnsafeRawBufferPointer(source))
    try compare(name, rounds: weights == nil ? 15 : 3, outputCount: block.count, &table) { target in
      _ = try fuser.fuse(block, views: placed, viewCount: placed.count, reader: reader, into: target)
    }
  }

  private func downsample(_ table: inout Table) throws {
    let downsampler = Downsampler(type: .uint16, rounding: .truncate)
    let count = block.count
    let from = UnsafeRawBufferPointer(rebasing: source[..<(2 * count)])
    try compare("pyramid, means of 2 x 2 x 2", rounds: 15, outputCount: count / 8, &table) { target in
      _ = try downsampler.reduce(from, shape: block.shape, factor: Index3(repeating: 2), into: target)
    }
  }

  private func compare(
    _ name: String, rounds: Int, outputCount: Int, _ table: inout Table,
    _ body: @escaping (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * outputCount, alignment: 64)
    defer { target.deallocate() }
    try body(target)
    let seconds = try bestSeconds(
      rounds: rounds,
      [{ try body(target) }, { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<(2 * outputCount)])) }])
    table.row([
      name, String(format: "%.0f", Double(outputCount) / seconds[0] / 1e6), String(format: "%.3f", seconds[1] / seconds[0]),
    ])
  }
}
