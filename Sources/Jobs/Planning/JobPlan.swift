import Geometry
import JSON
import Views
import Zarr

/// Everything about a job that is decided at submit: what `run` needs besides the views. Recorded as JSON with the job.
public struct JobPlan: Sendable, Codable {
  public var is3D: Bool
  /// The voxels of level 0.
  public var stack: StackProperties
  public var timeCount: Int
  public var channelCount: Int
  public var outputType: ElementType
  public var levels: [LevelLayout]
  public var fusion: FusionPlan
  public var output: OutputPlan

  public var spatialAxes: [Axis] { Axis.space(is3D: is3D) }
  /// The axes of the output arrays.
  public var axes: [Axis] { Axis.all(is3D: is3D) }

  /// Of all levels; a block is a file, unless it holds nothing but fill.
  public var blockCount: Int { levels.reduce(0) { $0 + $1.grid.total } }
  /// Of all levels, before compression.
  public var byteCount: Int { levels.reduce(0) { $0 + $1.shape.product } * outputType.byteCount }

  /// A shape, position or chunk without the axes that the output lacks.
  public func outputAxes(_ value: TCZYX) -> [Int] { value.values(is3D: is3D) }
}

/// How views become voxels.
public struct FusionPlan: Sendable, Codable {
  public var transformKey: String?
  public var function: String
  public var functionArguments: [String: JSONText]
  public var weights: String?
  public var weightsArguments: [String: JSONText]
  public var blendingWidths: Vector3
  public var interpolationOrder: Int
  public var isPlanewise: Bool
  public var rounding: String
  public var overlap: Index3
  public var intensityRange: [Double]?
  public var isMask: Bool
}

/// How voxels become files.
public struct OutputPlan: Sendable, Codable {
  public var isOMEZarr: Bool
  public var ngffVersion: OMEWriter.Version
  public var compressor: Compressor
  public var batchCount: Int?
  public var batchFunction: String?
  public var batchArguments: [String: JSONText]
  public var name: String
  public var channelNames: [String]?
  public var channelColors: [String?]?
  public var timeScale: Double
  public var timeOrigin: Double
  public var timeUnit: String?
  /// The unit of the job's lengths. Nil in records of jobs from before it was asked, whose output says micrometre.
  public var worldUnit: WorldUnit?
}

extension JobPlan {
  /// Where the voxels of level 0 are as the output says it: in micrometres, or, where nobody knows how long a world unit is,
  /// in world units.
  public var outputStack: StackProperties {
    let factor = (output.worldUnit ?? .micrometre).micrometres ?? 1
    return StackProperties(spacing: stack.spacing * factor, origin: stack.origin * factor, shape: stack.shape)
  }

  /// Whether `outputStack` is in micrometres.
  public var isPhysical: Bool { output.worldUnit != .unknown }
}

/// A piece of JSON kept as its text, so that it survives being recorded exactly.
public struct JSONText: Sendable, Codable, Hashable {
  public let text: String

  public init(_ value: JSONValue) { text = String(decoding: value.serialized(pretty: false), as: UTF8.self) }

  public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  public var value: JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }
}

extension View {
  /// The one resolution level that a job uses of a view that it planned.
  var level: ViewLevel { levels[0] }

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
