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

  /// The blocks of all levels; a block is a file, unless it holds nothing but fill.
  package var blockCount: Int { levels.reduce(0) { $0 + $1.grid.total } }
  /// The bytes of all levels, before compression, with chunks at the end of an axis, which are stored whole.
  package var byteCount: Int {
    levels.reduce(0) { $0 + BlockGrid(shape: $1.shape, block: $1.chunk).total * $1.chunk.product } * outputType.byteCount
  }

  /// The bytes of a voxel where no view has a value; nil: all of them are 0.
  package var background: [UInt8]? { fusion.background?.bytes(as: outputType) }

  /// A shape, position or chunk without the axes that the output lacks.
  package func outputAxes(_ value: TCZYX) -> [Int] { value.values(is3D: is3D) }
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
