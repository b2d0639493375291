import Diagnostics
import Foundation
import Geometry
import Planning
import Projections

extension Report {
  /// Outlines that are drawn; of more, every so many.
  private static let outlineLimit = 20_000

  /// Outlines of the views over the fused volume, seen along z.
  func viewsMap() -> HTML {
    let stack = content.plan.stack
    let extent = Vector3(stack.shape) * stack.spacing
    let origin = stack.origin - stack.spacing / 2
    let (height, width) = (extent[1], extent[2])
    // outlines are drawn in world units
    let scale = content.plan.outputStack.spacing[2] / stack.spacing[2]
    func point(_ p: SIMD2<Double>) -> HTML { "\(coordinate(p.y - origin[2])),\(coordinate(p.x - origin[1]))" }
    func path(_ view: ReportView) -> HTML {
      guard let first = view.outline.first else { return "" }
      return "M\(point(first))\(view.outline.dropFirst().map { "L\(point($0))" } as [HTML])Z"
    }
    // one by one as long as a browser can bear it, with the name of each to be pointed at
    let shapes: HTML
    let step = (content.views.count + Self.outlineLimit - 1) / Self.outlineLimit
    if content.views.count <= 1000 {
      shapes = "\(content.views.map { "<path d=\"\(path($0))\"><title>\($0.name)</title></path>" } as [HTML])"
    } else {
      let drawn = stride(from: 0, to: content.views.count, by: step).map { path(content.views[$0]) }
      shapes = "<path d=\"\(drawn)\"/>"
    }
    let picture: HTML? = projections.first { $0.axis == .z }.map {
      """
      <image href="\(source($0))" x="0" y="0" width="\(coordinate(width))" height="\(coordinate(height))" \
      preserveAspectRatio="none"/>
      """
    }
    let margin = 0.01 * max(width, height)
    let box: HTML = """
      \(coordinate(-margin)) \(coordinate(-margin)) \(coordinate(width + 2 * margin)) \(coordinate(height + 2 * margin))
      """
    var remarks = content.plan.timeCount > 1 ? " At the first time point." : ""
    if step > 1 { remarks += " One of \(step) is drawn." }
    return """
      <section><h2>\(counted(content.views.count, "view"))</h2>
      <p>Outlines seen along z, over the fused volume of \(lengthText(height * scale)) × \(lengthText(width * scale)).\(remarks)</p>
      <svg class="views" viewBox="\(box)" preserveAspectRatio="xMinYMin" role="img" aria-label="Where the views are">\
      <rect class="ground" width="\(coordinate(width))" height="\(coordinate(height))"/>\(picture)\
      <g class="outlines\(content.views.count > 400 ? " many" : "")">\(shapes)</g></svg>
      \(viewTable())</section>
      """
  }

  private func viewTable() -> HTML {
    let shown = content.views.prefix(ReportContent.viewTableLimit)
    let rows: [HTML] = shown.map { view in
      let shape = (content.plan.is3D ? [view.shape[0], view.shape[1], view.shape[2]] : [view.shape[1], view.shape[2]])
      return """
        <tr><th>\(view.name)</th><td>\(shape.map(\.grouped).joined(separator: " × "))</td><td>\(view.elementType)</td>\
        <td class="path">\(view.path)</td></tr>
        """
    }
    let rest = content.views.count - shown.count
    let more: HTML? =
      rest > 0
      ? "<p>\(rest.grouped) more are in table <code>view</code> of the job database.</p>" : nil
    return """
      <details id="view-table"><summary>List of views</summary><div class="wide"><table><thead><tr><th>name</th>\
      <th>voxels</th><th>type</th><th>path</th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)</details>
      """
  }
}
