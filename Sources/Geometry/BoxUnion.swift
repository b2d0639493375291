/// How many voxels lie in any of some boxes, those that lie in several counted once.
public enum BoxUnion {
  /// Nil where it would take more than so many steps.
  public static func voxelCount(of boxes: [Box3], stepLimit: Int = 200_000_000) -> Int? {
    // by x, as rows are put together
    let boxes = boxes.filter { !$0.isEmpty }.sorted { $0.lower[2] < $1.lower[2] }
    let begins = boxes.indices.sorted { boxes[$0].lower[0] < boxes[$1].lower[0] }
    let edges = Set(boxes.flatMap { [$0.lower[0], $0.upper[0]] }).sorted()
    var (next, left) = (0, stepLimit)
    // numbers of the boxes that reach into a slab, in ascending order
    var active: [Int] = []
    var total = 0
    for (z, end) in zip(edges, edges.dropFirst()) {
      active.removeAll { boxes[$0].upper[0] <= z }
      var isNew = false
      while next < begins.count, boxes[begins[next]].lower[0] <= z {
        active.append(begins[next])
        (next, isNew) = (next + 1, true)
      }
      if isNew { active.sort() }
      guard let area = area(of: active, boxes, &left) else { return nil }
      total += area * (end - z)
    }
    return total
  }

  /// Of their rows and columns.
  private static func area(of active: [Int], _ boxes: [Box3], _ left: inout Int) -> Int? {
    let edges = Set(active.flatMap { [boxes[$0].lower[1], boxes[$0].upper[1]] }).sorted()
    left -= edges.count * active.count
    guard left >= 0 else { return nil }
    var total = 0
    for (y, end) in zip(edges, edges.dropFirst()) {
      var (length, reached) = (0, Int.min)
      for i in active where boxes[i].lower[1] <= y && boxes[i].upper[1] > y && boxes[i].upper[2] > reached {
        length += boxes[i].upper[2] - max(boxes[i].lower[2], reached)
        reached = boxes[i].upper[2]
      }
      total += length * (end - y)
    }
    return total
  }
}
