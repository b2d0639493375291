import Diagnostics
import Foundation
import Planning
import Zarr

extension OutputFolder {
  /// Writes the final metadata. Where the voxels that they rest on cannot be read back, that is no fault of this process:
  /// made again, they can.
  package func finish(job title: String) throws {
    do {
      try writeFinalMetadata()
    } catch let error as any Failure where Self.isDamage(error) {
      throw JobError.damaged(job: title, what: error.description)
    }
  }
}

extension OutputFolder {
  /// Whether a file that was written well is not as it was.
  private static func isDamage(_ failure: any Failure) -> Bool {
    switch failure.code {
    case .chunkMissing, .chunkDamaged, .shardDamaged: true
    default: [EISDIR, ENOTDIR].contains(failure.systemNumber)
    }
  }
}
