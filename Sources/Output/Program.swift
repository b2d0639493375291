import JobStore
import Zarr

/// The program itself, and what the voxels and bytes that it writes depend on.
package enum Program {
  package static let version = "0.2.0"

  /// A number that rises when voxels or encoded bytes change for the same inputs and options, and only then. A job is run on
  /// by any program of its revision, and by no other.
  ///
  /// - 1: version 0.1.0.
  /// - 2: extents far from the origin, infinities, sums of weights, ends of views, views of one plane.
  package static let voxelRevision = 2

  /// The libraries that encode: the same versions of all of them write equal bytes.
  package static let codecLibraries = codecLibraryVersions()

  package static var versionWithLibraries: String { "blockfuse \(version), \(codecLibraries)" }

  /// What to do where it is the program that differs.
  package static let advice = "continue with the program that began the job; or submit a new job"

  /// Why this program must not go on with a job; empty where it may.
  package static func differences(from job: JobDescription) -> [String] {
    if job.voxelRevision != voxelRevision {
      return [
        "program: the job was begun with voxel revision \(job.voxelRevision) (\(job.programVersion)); this is \(version) with "
          + "revision \(voxelRevision), which computes some voxels differently"
      ]
    }
    if job.codecLibraries != codecLibraries {
      return [
        "codec libraries: were \(job.codecLibraries), are \(codecLibraries), which may write other bytes"
      ]
    }
    return []
  }
}
