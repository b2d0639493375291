import Diagnostics
import Geometry
import JobStore
import Planning

extension Report {
  /// A map of the blocks by state for each level, seen along z.
  func blockMaps() -> HTML {
    let figures: [HTML] = content.maps.enumerated().map { level, map in figure(map, level) }
    let legend: [HTML] = [
      ("pending", "pending"), ("part4", "some done"), ("done", "all done"), ("empty", "all empty"), ("running", "running"),
      ("failed", "failed"),
    ].map { "<li><i class=\"cell \($0.0)\"></i>\($0.1)</li>" }
    return """
      <section><h2>Blocks</h2>
      <p>By state, seen along z. A cell stands for all blocks behind it: red if one failed, orange if one \
      runs, else by how many are done.</p>
      <ul class="legend">\(legend)</ul>
      <div class="maps">\(figures.prefix(1).map { $0 })<div>\(figures.dropFirst().map { $0 })</div></div></section>
      """
  }

  private func figure(_ map: BlockMap, _ level: Int) -> HTML {
    let (rows, columns) = (map.grid.count[map.rowAxis], map.grid.count[map.columnAxis])
    let stack = content.plan.stack
    let aspect = Double(stack.shape[2]) * stack.spacing[2] / (Double(stack.shape[1]) * stack.spacing[1])
    let isSmall = map.cells.count <= 600
    var cells: [HTML] = []
    for row in 0..<map.rows {
      var column = 0
      while column < map.columns {
        let cell = map.cells[row * map.columns + column]
        let name = Self.cellClass(cell.counts)
        let start = map.blocks(row: row, column: column)
        var end = column
        // neighbours of one colour in one piece, where nobody points at single cells
        while !isSmall, end + 1 < map.columns, Self.cellClass(map.cells[row * map.columns + end + 1].counts) == name {
          end += 1
        }
        let width = map.blocks(row: row, column: end).columns.upperBound - start.columns.lowerBound
        let title: HTML? = isSmall ? "<title>\(Self.words(cell.counts, map, start))</title>" : nil
        cells.append(
          """
          <rect class="cell \(name)" x="\(start.columns.lowerBound)" y="\(start.rows.lowerBound)" width="\(width)" \
          height="\(start.rows.count)">\(title)</rect>
          """)
        column = end + 1
      }
    }
    let many = map.cellRows * map.cellColumns > 1 ? "; a cell is \(map.cellRows) × \(map.cellColumns)" : ""
    let deep = map.grid.count[map.along] * map.grid.count.t * map.grid.count.c
    return """
      <figure><svg class="map blocks\(isSmall ? " grid" : "")" viewBox="0 0 \(columns) \(rows)" preserveAspectRatio="none" \
      style="aspect-ratio:\(coordinate(min(6, max(1.0 / 3, aspect))))" role="img" aria-label="Blocks of level \(level)">\
      \(cells)</svg><figcaption>level \(level): \(rows.grouped) × \(columns.grouped) blocks, \
      \(deep.grouped) deep\(many)</figcaption></figure>
      """
  }

  /// What matters most of a cell.
  static func cellClass(_ counts: BlockCounts) -> String {
    if counts.failed > 0 { return "failed" }
    if counts.running > 0 { return "running" }
    if counts.settled == 0 { return "pending" }
    if counts.settled == counts.total { return counts.done > 0 ? "done" : "empty" }
    return "part\(1 + counts.settled * 6 / counts.total)"
  }

  private static func words(_ c: BlockCounts, _ map: BlockMap, _ place: (rows: Range<Int>, columns: Range<Int>)) -> String {
    func range(_ axis: Axis, _ r: Range<Int>) -> String {
      r.count == 1 ? "\(axis)=\(r.lowerBound)" : "\(axis)=\(r.lowerBound):\(r.upperBound)"
    }
    let states = [
      ("done", c.done), ("empty", c.empty), ("failed", c.failed), ("running", c.running), ("pending", c.pending),
    ].filter { $0.1 > 0 }.map { "\($0.1.grouped) \($0.0)" }
    return "\(range(map.rowAxis, place.rows)), \(range(map.columnAxis, place.columns)): \(states.joined(separator: ", "))"
  }
}
