import Diagnostics
import Geometry
import JSON
import JobStore
import Planning
import Zarr

extension Report {
  /// Options and what was decided from them.
  func details() -> HTML {
    let (d, plan) = (content.job.description, content.plan)
    func space(_ v: Vector3) -> String {
      content.axes.map { "\($0.rawValue)=\(shortest(v[$0.spaceLane ?? 0]))" }.joined(separator: ", ")
    }
    let unit = plan.isPhysical ? "µm" : "world units"
    var rows: [(String, String)] = [
      ("element type", d.elementType.rawValue), ("voxel size (\(unit))", space(plan.outputStack.spacing)),
      ("origin (\(unit))", space(plan.outputStack.origin)),
      ("time points, channels", "\(plan.timeCount), \(plan.channelCount)"),
      ("format", plan.output.isOMEZarr ? "OME-Zarr \(plan.output.ngffVersion.rawValue)" : "plain Zarr array"),
      ("fusion", d.fusionFunction), ("weights", d.weightsFunction ?? "blending only"),
      ("transform", d.transformKey ?? "the views' own metadata"),
      ("submitted", momentText(content.job.createdAt)),
    ]
    if let finished = content.job.finishedAt { rows.append(("finished", momentText(finished))) }
    rows.append(("output's uuid", d.uuid))
    func table(_ rows: [(String, String)]) -> HTML {
      let lines: [HTML] = rows.map { "<tr><th>\($0.0)</th><td>\($0.1)</td></tr>" }
      return "<div class=\"wide\"><table class=\"pairs\"><tbody>\(lines)</tbody></table></div>"
    }
    let options = (try? JSONValue.parse(d.options))?.object ?? [:]
    let given = options.sorted { $0.key < $1.key }.map {
      ($0.key, $0.value.string ?? String(decoding: $0.value.serialized(pretty: false), as: UTF8.self))
    }
    return """
      <section><h2>Job</h2>\(table(rows))
      <details id="options"><summary>Options</summary>\(table(given))</details></section>
      """
  }

  private func shortest(_ value: Double) -> String {
    if value == value.rounded(), value.magnitude < 1e15 { return String(Int(value)) }
    return "\((value * 1e6).rounded() / 1e6)"
  }
}
