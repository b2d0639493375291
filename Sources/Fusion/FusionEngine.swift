import Geometry

/// A block's way through the arithmetic in one precision: which views it needs, in how many parts, and their patches.
///
/// Readers come as existentials: a generic one would keep the compiler from specialising the loops for the precision.
final class FusionEngine<S: RowArithmetic> {
  private let recipe: FusionRecipe
  private let patchByteLimit: Int
  private let streamed: StreamedFusion<S>?
  private let stacked: StackedFusion<S>
  private let content: ContentWeights<S>?
  /// One a view of the part in hand; kept for the next.
  private var rows: [ViewRows<S>] = []
  private let counts = ScratchBuffer()
  private let values = ScratchBuffer()

  init(recipe: FusionRecipe, patchByteLimit: Int, arenaByteLimit: Int, stacks: Bool = false) {
    self.recipe = recipe
    self.patchByteLimit = patchByteLimit
    streamed = stacks ? nil : recipe.streamedMethod.map { StreamedFusion(recipe: recipe, method: $0) }
    stacked = StackedFusion(recipe: recipe)
    content = recipe.contentWeights.map { ContentWeights(recipe: recipe, function: $0, byteLimit: arenaByteLimit) }
  }

  /// False, and nothing written, where no view has voxels for the block.
  func fuse(
    _ box: Box3, views: [PlacedView], reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws -> Bool {
    guard let streamed else { return try fuseStacked(box, views: views, reader: reader, into: output) }
    let order = recipe.interpolationOrder
    let needed = views.filter { !$0.inputBox(for: box, order: order).isEmpty }
    if needed.isEmpty { return false }
    if needed.count == 1, let stored = needed[0].storedBox(of: box, order: order, as: streamed.conversion) {
      try copy(stored, of: needed[0], from: reader, into: output)
      return true
    }
    var weights: [Int: VoxelArray<Float>] = [:]
    if let content {
      let around = views.filter { !$0.inputBox(for: box.grown(by: recipe.halo), order: order).isEmpty }
      let all = try content.weigh(box, touching: needed, around: around) { view, row, region in
        try load(view, into: row, for: region, from: reader)
      }
      for (view, array) in zip(needed, all) { weights[view.id] = array }
    }
    defer { for row in rows { row.letGo() } }
    try forEachPart(of: box, views: needed) { part, partViews in
      try load(partViews, for: part, from: reader)
      streamed.fuse(
        region: part, of: box, views: Array(rows.prefix(partViews.count)),
        content: weights.isEmpty ? [] : partViews.map { weights[$0.id] }, into: output)
    }
    return true
  }

  /// Voxels that are the output's as they are stored, without a patch in between.
  private func copy(
    _ stored: Box3, of view: PlacedView, from reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws {
    let bytes = view.elementType.byteCount
    let target = UnsafeMutableRawBufferPointer(start: output, count: stored.count * bytes)
    guard case .constant = try reader.read(view, box: stored, into: target) else { return }
    for i in bytes..<target.count { target[i] = target[i - bytes] }
  }

  private func fuseStacked(
    _ box: Box3, views: [PlacedView], reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws -> Bool {
    let order = recipe.interpolationOrder
    let stackBox = stacked.stackBox(of: box)
    // views that only reach into the halo matter to functions that look around
    let needed = views.filter { !$0.inputBox(for: stackBox, order: order).isEmpty }
    guard needed.contains(where: { !$0.inputBox(for: box, order: order).isEmpty }) else { return false }
    makeRows(1, like: needed[0])
    try stacked.fuse(box, views: needed, rows: rows[0], into: output) { view, rows, region in
      try load(view, into: rows, for: region, from: reader)
    }
    return true
  }

  /// Voxels with a value are counted row by row.
  func countViews(
    _ box: Box3, views: [PlacedView], reader: any VoxelReader, as type: ElementType,
    into output: UnsafeMutableRawPointer
  ) throws {
    let order = recipe.interpolationOrder
    let needed = views.filter { !$0.inputBox(for: box, order: order).isEmpty }
    let total = counts.reserve(Int32.self, count: box.count)
    total.update(repeating: 0, count: box.count)
    let numbers = values.reserve(S.self, count: box.shape[2])
    for view in needed {
      makeRows(1, like: view)
      let row = rows[0]
      try forEachPart(of: box, views: [view]) { part, partViews in
        if partViews.isEmpty { return }
        if view.elementType.isInteger {
          // integers never lack a value, so they need not be read
          try row.beginWithoutVoxels(of: view, region: part)
        } else {
          try load(view, into: row, for: part, from: reader)
        }
        count(row, part, of: box, numbers, into: total)
      }
    }
    if type == .uint8 {
      let out = output.assumingMemoryBound(to: UInt8.self)
      for i in 0..<box.count { out[i] = UInt8(clamping: total[i]) }
    } else {
      let out = output.assumingMemoryBound(to: UInt16.self)
      for i in 0..<box.count { out[i] = UInt16(clamping: total[i]) }
    }
  }

  private func count(
    _ rows: ViewRows<S>, _ part: Box3, of box: Box3, _ numbers: UnsafeMutablePointer<S>,
    into total: UnsafeMutablePointer<Int32>
  ) {
    let shape = box.shape
    for z in part.lower[0]..<part.upper[0] {
      for y in part.lower[1]..<part.upper[1] {
        let range = rows.interval(z: z, y: y)
        if range.isEmpty { continue }
        let start = ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2] - box.lower[2] + range.lowerBound
        if rows.mayLackValues {
          rows.sample(z: z, y: y, x: range, into: numbers)
          for i in 0..<range.count { total[start + i] &+= numbers[i] == numbers[i] ? 1 : 0 }
        } else {
          for i in 0..<range.count { total[start + i] &+= 1 }
        }
      }
    }
  }

  // MARK: parts and patches

  /// Cuts a block until the patches of a part fit into the limit. Parts without views come too, to be written as 0.
  private func forEachPart(of box: Box3, views: [PlacedView], _ body: (Box3, [PlacedView]) throws -> Void) throws {
    let order = recipe.interpolationOrder
    var pending = [box]
    while let part = pending.popLast() {
      let needed = views.filter { !$0.inputBox(for: part, order: order).isEmpty }
      let bytes = needed.reduce(0) { $0 + Self.viewByteCount($1, part, order) }
      let axis = part.shape[0] > 1 ? 0 : part.shape[1] > 1 ? 1 : 2
      if bytes > patchByteLimit && part.shape[axis] > 1 {
        let middle = part.lower[axis] + part.shape[axis] / 2
        var (first, second) = (part, part)
        (first.upper[axis], second.lower[axis]) = (middle, middle)
        pending += [second, first]
      } else {
        try body(part, needed)
      }
    }
  }

  private func makeRows(_ count: Int, like view: PlacedView) {
    while rows.count < count { rows.append(ViewRows(recipe: recipe, view: view)) }
  }

  private func load(_ views: [PlacedView], for part: Box3, from reader: any VoxelReader) throws {
    guard let first = views.first else { return }
    makeRows(views.count, like: first)
    for (view, row) in zip(views, rows) {
      if row.takesLoans(of: view) {
        let box = view.inputBox(for: part, order: recipe.interpolationOrder)
        if let lent = try reader.lend(view, box: box) {
          try row.begin(region: part, of: view, box: box, lent: lent)
          continue
        }
      }
      try load(view, into: row, for: part, from: reader)
    }
  }

  private func load(
    _ view: PlacedView, into row: ViewRows<S>, for region: Box3, from reader: any VoxelReader
  ) throws {
    let box = view.inputBox(for: region, order: recipe.interpolationOrder)
    let room = try row.makeRoom(for: view, box: box)
    row.begin(region: region, content: try reader.read(view, box: box, into: room))
  }

  // MARK: memory

  /// What a view's patch takes while a part is fused.
  static func viewByteCount(_ view: PlacedView, _ part: Box3, _ order: Int) -> Int {
    let box = view.inputBox(for: part, order: order)
    let (shape, size) = (box.shape, MemoryLayout<S>.stride)
    // whoever needs so much is cut into parts, or refused; below, no product overflows
    guard let count = TCZYX(zyx: shape &+ 1).checkedProduct, count < 1 << 48 else { return 1 << 52 }
    let slack = shape[1] * shape[2] + 2 * shape[2] + 64
    let working =
      switch view.mapClass {
      case .separable: 6 * (shape[2] + 4) * size + part.shape[2] * (12 + size) + part.shape[1] * 8
      case .plane: (slack + shape[2]) * size
      case .general: order == 1 ? (box.count + slack) * size : 0
      }
    return box.count * view.elementType.byteCount + working + 4 * 256 * size
  }

  static func byteCount(recipe: FusionRecipe, box: Box3, views: [PlacedView], patchByteLimit: Int) -> Int {
    let order = recipe.interpolationOrder
    if recipe.isStreamed {
      let needed = views.filter { !$0.inputBox(for: box, order: order).isEmpty }
      let bytes = needed.reduce(0) { $0 + viewByteCount($1, box, order) }
      let streamed = min(bytes, max(patchByteLimit, 0))
        + StreamedFusion<S>.scratchByteCount(width: box.shape[2], views: needed.count)
      guard let content = recipe.contentWeights, needed.count > 1 else { return streamed }
      let most = needed.map { ContentWeights<S>.byteCount(recipe, content, $0, shared: box) }.max() ?? 0
      return streamed + most + 4 * needed.count * box.count
    }
    let stackBox = box.grown(by: recipe.halo)
    let needed = views.filter { !$0.inputBox(for: stackBox, order: order).isEmpty }
    return StackedFusion<S>.byteCount(recipe: recipe, target: box, views: needed.count)
      + (needed.map { viewByteCount($0, stackBox, order) }.max() ?? 0)
  }
}
