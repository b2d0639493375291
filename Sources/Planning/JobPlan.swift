import Geometry
import JSON
import Views
import Zarr

/// Everything about a job that is decided at submit: what `run` needs besides the views. Recorded as JSON with the job.
package struct JobPlan: Sendable, Codable {
  package var is3D: Bool
  /// The voxels of level 0.
  package var stack: StackProperties
  package var timeCount: Int
  package var channelCount: Int
  package var outputType: ElementType
  package var levels: [LevelLayout]
  package var fusion: FusionPlan
  package var output: OutputPlan

  package var spatialAxes: [Axis] { Axis.space(is3D: is3D) }
  /// The axes of the output arrays.
  package var axes: [Axis] { Axis.all(is3D: is3D) }

  /// Of all levels; a block is a file, unless it holds nothing but fill.
  package var blockCount: Int { levels.reduce(0) { $0 + $1.grid.total } }
  /// Of all levels, before compression.
  package var byteCount: Int { levels.reduce(0) { $0 + $1.shape.product } * outputType.byteCount }

  /// A shape, position or chunk without the axes that the output lacks.
  package func outputAxes(_ value: TCZYX) -> [Int] { value.values(is3D: is3D) }
}

/// How views become voxels.
package struct FusionPlan: Sendable, Codable {
  package var transformKey: String?
  package var function: String
  package var functionArguments: [String: JSONText]
  package var weights: String?
  package var weightsArguments: [String: JSONText]
  package var blendingWidths: Vector3
  package var interpolationOrder: Int
  package var isPlanewise: Bool
  package var rounding: String
  package var overlap: Index3
  package var intensityRange: [Double]?
  package var isMask: Bool
}

/// How voxels become files.
package struct OutputPlan: Sendable, Codable {
  package var isOMEZarr: Bool
  package var ngffVersion: OMEWriter.Version
  package var compressor: Compressor
  package var batchCount: Int?
  package var batchFunction: String?
  package var batchArguments: [String: JSONText]
  package var name: String
  package var channelNames: [String]?
  package var channelColors: [String?]?
  package var timeScale: Double
  package var timeOrigin: Double
  package var timeUnit: String?
  /// The unit of the job's lengths. Nil in records of jobs from before it was asked, whose output says micrometre.
  package var worldUnit: WorldUnit?
}

extension JobPlan {
  /// Where the voxels of level 0 are as the output says it: in micrometres, or, where nobody knows how long a world unit is,
  /// in world units.
  package var outputStack: StackProperties {
    let factor = (output.worldUnit ?? .micrometre).micrometres ?? 1
    return StackProperties(spacing: stack.spacing * factor, origin: stack.origin * factor, shape: stack.shape)
  }

  /// Whether `outputStack` is in micrometres.
  package var isPhysical: Bool { output.worldUnit != .unknown }
}

/// A piece of JSON kept as its text, so that it survives being recorded exactly.
package struct JSONText: Sendable, Codable, Hashable {
  package let text: String

  package init(_ value: JSONValue) { text = String(decoding: value.serialized(pretty: false), as: UTF8.self) }

  package init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package var value: JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }
}

extension View {
  /// The one resolution level that a job uses of a view that it planned.
  package var level: ViewLevel { levels[0] }

  /// The view as a job uses it and records it: one of its levels, and the job's own time points and channels.
  func planned(level: Int, times: [Int], channels: [Int]) -> View {
    View(
      name: name, path: path, transforms: [:],
      details: ViewDetails(
        format: details.format, levels: [levels[level]], times: details.times.selecting(times),
        channels: details.channels.selecting(channels), intensityScale: intensityScale,
        intensityOffset: intensityOffset, isPlacedByDataset: details.isPlacedByDataset, dataset: details.dataset,
        mending: details.mending),
      fingerprint: fingerprint)
  }
}
