import Foundation
import Geometry

/// A job's number in its database.
public typealias JobID = Int

/// Everything that a job is made of, in columns that a person can read. The strings of JSON are the caller's; they are kept as they are.
public struct JobDescription: Hashable, Sendable {
  public var name: String?
  public var uuid: String
  public var datasetPath: String
  public var datasetDigest: String
  public var outputPath: String
  /// All options, resolved; JSON.
  public var options: String
  /// The name and version of the program that recorded the job, with its libraries; for people.
  public var programVersion: String
  /// Programs of one revision and the same libraries write equal voxels and bytes.
  public var voxelRevision: Int
  public var codecLibraries: String
  public var transformKey: String?
  public var fusionFunction: String
  public var weightsFunction: String?
  /// 0 nearest, 1 smoother than that; the plan in `details` has the order of a spline.
  public var interpolationOrder: Int
  public var elementType: ElementType
  public var is3D: Bool
  /// Distances of voxels at level 0.
  public var spacing: Vector3
  /// The place of the first voxel of level 0.
  public var origin: Vector3
  public var ngffVersion: String?
  /// Other facts that the caller wants to find again; JSON.
  public var details: String

  public init(
    name: String? = nil, uuid: String, datasetPath: String, datasetDigest: String, outputPath: String, options: String,
    programVersion: String, voxelRevision: Int, codecLibraries: String, transformKey: String? = nil, fusionFunction: String,
    weightsFunction: String? = nil,
    interpolationOrder: Int = 1, elementType: ElementType, is3D: Bool = true, spacing: Vector3, origin: Vector3,
    ngffVersion: String? = nil, details: String = "{}"
  ) {
    (self.name, self.uuid, self.datasetPath, self.datasetDigest) = (name, uuid, datasetPath, datasetDigest)
    (self.outputPath, self.options, self.programVersion) = (outputPath, options, programVersion)
    (self.voxelRevision, self.codecLibraries) = (voxelRevision, codecLibraries)
    (self.transformKey, self.fusionFunction, self.weightsFunction) = (transformKey, fusionFunction, weightsFunction)
    (self.interpolationOrder, self.elementType, self.is3D) = (interpolationOrder, elementType, is3D)
    (self.spacing, self.origin, self.ngffVersion, self.details) = (spacing, origin, ngffVersion, details)
  }
}

/// Everything that `JobStore.createJob` records.
public struct NewJob: Sendable {
  public var description: JobDescription
  /// In the order of their ordinals.
  public var views: [ViewRecord]
  /// In the order of their numbers, from 0.
  public var levels: [LevelLayout]

  public init(description: JobDescription, views: [ViewRecord], levels: [LevelLayout]) {
    (self.description, self.views, self.levels) = (description, views, levels)
  }
}

/// A job as it is recorded.
public struct JobRecord: Hashable, Sendable, Identifiable {
  public let id: JobID
  public let state: JobState
  public let description: JobDescription
  /// Summed over the levels.
  public let counts: BlockCounts
  public let createdAt: Date
  public let finishedAt: Date?
}
