import Foundation
import Geometry
import JobStore
import Pictures
import Planning
import Projections

extension Report {
  /// The fused volume along each axis.
  func pictures() -> HTML {
    guard let first = projections.first else {
      return "<section><h2>Fused volume</h2><p class=\"warning\">No picture: \(pictureProblem ?? "there is none")</p></section>"
    }
    if content.recordedDone == 0 { return "<section><h2>Fused volume</h2><p>\(nothingToSee)</p></section>" }
    let figures: [HTML] = projections.map { p in
      let (rows, columns) = sides(of: p.axis)
      return """
        <figure class="\(p.axis.rawValue)"><img src="\(source(p))" width="\(p.picture.width)" \
        height="\(p.picture.height)" style="--ratio:\(coordinate(Double(p.picture.width) / Double(p.picture.height)))" alt="Maximum projection along \(p.axis.rawValue)">\
        <figcaption>along \(p.axis.rawValue): \(rows.rawValue) down, \(columns.rawValue) to the right · \
        \(lengthText(Double(p.picture.height) * p.pixelSize)) × \(lengthText(Double(p.picture.width) * p.pixelSize))\
        </figcaption></figure>
        """
    }
    let channels: [HTML] = first.channels.map { channel in
      let rgb = channel.color.map { String(Int(($0 * 255).rounded())) }.joined(separator: ", ")
      return """
        <li><i style="background:rgb(\(rgb))"></i>\(channel.name): \(number(channel.range.lowerBound)) to \
        \(number(channel.range.upperBound))</li>
        """
    }
    let time = content.plan.timeCount > 1 ? ", time point \(first.time)" : ""
    return """
      <section><h2>Fused volume</h2>
      <p>Maximum projections from level \(first.level)\(time). \(sentences(first.notes))</p>
      <div class="pictures">\(figures)</div>
      <ul class="channels">\(channels)</ul></section>
      """
  }

  /// Why there is no picture yet.
  private var nothingToSee: HTML {
    let (progress, id) = (content.progress, content.job.id)
    if progress.tasks != nil {
      return "There is a picture once <code>blockfuse collect \(id)</code> has recorded what the tasks have done."
    }
    if progress.counts.empty > 0 { return "All that is fused so far is background." }
    return "There is a picture once some blocks are done: <code>blockfuse run \(id)</code>."
  }

  func sides(of axis: Axis) -> (rows: Axis, columns: Axis) {
    let rest = Axis.space.filter { $0 != axis }
    return (rest[0], rest[1])
  }

  private func sentences(_ notes: [String]) -> String {
    notes.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }.joined(separator: " ")
  }
}

extension Report {
  /// A length of the output, as people write it.
  func lengthText(_ length: Double) -> String {
    content.plan.isPhysical ? micrometreText(length) : "\(number(length)) world units"
  }
}

private func micrometreText(_ micrometres: Double) -> String {
  if micrometres >= 10_000 { return String(format: "%.1f mm", micrometres / 1000) }
  return String(format: micrometres < 10 ? "%.2f µm" : "%.0f µm", micrometres)
}

/// Three or four digits.
func number(_ value: Double) -> String {
  value.magnitude >= 100 || value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.3g", value)
}
