import Views
import Zarr

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
