import Diagnostics
import Foundation
import Geometry
import JobStore
import Output
import Pictures
import Planning

/// A job's output as people look at it: maximum projections in the channels' colours, from a coarse level.
package struct Projection: Sendable {
  package struct Channel: Sendable, Hashable {
    package let name: String
    /// Red, green, blue, from 0 to 1.
    package let color: [Double]
    /// Shown from black to the full colour.
    package let range: ClosedRange<Double>
  }

  package let axis: Axis
  package let level: Int
  package let time: Int
  package let channels: [Channel]
  /// Pixels are square in physical units.
  package let picture: Picture
  /// Length of a pixel's side in micrometres, or in world units where nobody knows how long they are.
  package let pixelSize: Double
  /// What one has to know to read the picture, in sentences.
  package let notes: [String]

  /// Projections along several axes, from one reading.
  ///
  /// - Parameter level: nil for the one that suits best.
  package static func make(
    _ job: LoadedJob, store: JobStore, axes: [Axis], level: Int? = nil, time: Int = 0, longestSide: Int = 1024
  ) throws -> [Projection] {
    guard (0..<job.plan.timeCount).contains(time) else {
      throw JobError.invalid(
        what: "there is no time point \(time)", hint: "the job has \(job.plan.timeCount), counted from 0")
    }
    for axis in axes where axis.spaceLane == nil || !job.plan.spatialAxes.contains(axis) && axis != .z {
      throw JobError.invalid(
        what: "there is no projection along \(axis)", hint: "one of \(job.plan.spatialAxes.map(\.rawValue).joined(separator: ", "))")
    }
    if let problem = try job.output.foreignness() { throw job.error(foreignOutput: problem) }
    let plan = try ProjectionPlan(plan: job.plan, levels: store.levels(of: job.record.id), level: level)
    let result = try Projector(job: job, plan: plan, time: time, axes: axes)
      .project(store: store, longestSide: longestSide)
    let notes = self.notes(plan, result, time: job.plan.timeCount > 1 ? time : nil)
    return zip(axes, result.planes).map { axis, planes in
      let channels = self.channels(job.plan, planes)
      let (picture, pixelSize) = render(planes, channels, spacing: job.plan.outputStack.spacing, layout: plan.layout, longestSide)
      return Projection(
        axis: axis, level: plan.layout.level, time: time, channels: channels, picture: picture, pixelSize: pixelSize,
        notes: notes)
    }
  }

  /// - Parameter time: the time point that is shown, where there are others.
  private static func notes(_ plan: ProjectionPlan, _ result: Projector.Result, time: Int?) -> [String] {
    let counts = result.counts
    let shown = "\(time.map { "time point \($0) of " } ?? "")level \(plan.layout.level)"
    var notes: [String] = []
    if plan.isNothingFused {
      notes.append("nothing is fused yet: all is black")
    } else if counts.settled == 0 {
      notes.append("nothing of \(shown) is there yet: all is black")
    } else if !counts.isSettled {
      let share = percentText(counts.settled, of: counts.total)
      notes.append("\(share) of \(shown) is there; what is missing is black")
    }
    if plan.isSampled && counts.settled > 0 {
      notes.append(
        "coarse picture from \(counted(result.readBlocks, "sampled block")) of level \(plan.layout.level)")
    }
    if result.unreadableBlocks > 0 {
      notes.append(
        "\(counted(result.unreadableBlocks, "block is", "blocks are")) recorded done and cannot be read; `blockfuse verify` looks at all of them"
      )
    }
    return notes
  }

  // MARK: - Colours

  private static func channels(_ plan: JobPlan, _ planes: [ProjectionPlane]) -> [Channel] {
    let colors = plan.output.colors(channelCount: planes.count)
    return planes.indices.map { c in
      let names = plan.output.channelNames
      return Channel(
        name: names.flatMap { $0.indices.contains(c) ? $0[c] : nil } ?? "ch\(c)", color: rgb(colors[c]),
        range: contrast(planes[c].values, background: Float(plan.fusion.backgroundNumber)))
    }
  }

  private static func rgb(_ hex: String) -> [Double] {
    let value = Int(hex.hasPrefix("#") ? String(hex.dropFirst()) : hex, radix: 16) ?? 0xffffff
    return [16, 8, 0].map { Double(value >> $0 & 255) / 255 }
  }

  /// From the first to the 99.8th percentile of what is known and is no background.
  static func contrast(_ values: [Float], background: Float = 0) -> ClosedRange<Double> {
    var known = values.filter { $0.isFinite && $0 != background }
    // evenly spread ones will do
    let step = max(1, known.count / 200_000)
    known = stride(from: 0, to: known.count, by: step).map { known[$0] }.sorted()
    guard let first = known.first, let last = known.last else { return 0...1 }
    func percentile(_ p: Double) -> Double { Double(known[min(known.count - 1, Int(p * Double(known.count)))]) }
    let (low, high) = (percentile(0.01), percentile(0.998))
    if low < high { return low...high }
    return first < last ? Double(first)...Double(last) : min(0, Double(first) - 1)...max(Double(last), Double(first))
  }

  private static func render(
    _ planes: [ProjectionPlane], _ channels: [Channel], spacing: Vector3, layout: LevelLayout, _ longestSide: Int
  ) -> (Picture, Double) {
    let plane = planes[0]
    func length(_ axis: Axis) -> (physical: Double, voxel: Double) {
      let lane = axis.spaceLane ?? 0
      let voxel = spacing[lane] * Double(layout.absoluteFactor[lane])
      return (voxel * Double(layout.shape[axis]), voxel)
    }
    let (rows, columns) = (length(plane.rowAxis), length(plane.columnAxis))
    // square pixels: the coarser axis is stretched
    let pixel = max(max(rows.physical, columns.physical) / Double(longestSide), min(rows.voxel, columns.voxel))
    let height = min(longestSide, max(1, Int((rows.physical / pixel).rounded())))
    let width = min(longestSide, max(1, Int((columns.physical / pixel).rounded())))
    var picture = Picture(width: width, height: height)
    for row in 0..<height {
      for column in 0..<width {
        let i = row * plane.height / height * plane.width + column * plane.width / width
        var sum = [0.0, 0.0, 0.0]
        for (c, channel) in channels.enumerated() where planes[c].values[i] > -.infinity {
          let span = channel.range.upperBound - channel.range.lowerBound
          let level = (Double(planes[c].values[i]) - channel.range.lowerBound) / span
          for k in 0..<3 { sum[k] += min(1, max(0, level)) * channel.color[k] }
        }
        func byte(_ value: Double) -> UInt8 { UInt8(min(255, (value * 255).rounded())) }
        picture[row, column] = (byte(sum[0]), byte(sum[1]), byte(sum[2]))
      }
    }
    return (picture, pixel)
  }
}
