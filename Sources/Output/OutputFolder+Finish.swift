import Foundation
import Planning
import Zarr

extension OutputFolder {
  /// Writes the final metadata. Where the voxels that they rest on cannot be read back, that is no fault of this process:
  /// made again, they can.
  package func finish(job title: String) throws {
    do {
      try writeFinalMetadata()
    } catch let error as ZarrError where error.isDamage {
      throw JobError.damaged(job: title, what: error.description)
    }
  }
}

extension ZarrError {
  /// Whether a file that was written well is not as it was.
  fileprivate var isDamage: Bool {
    switch self {
    case .chunkMissing, .chunkDamaged, .shardDamaged: true
    case .io(_, _, let number): number == EISDIR || number == ENOTDIR
    default: false
    }
  }
}
