/// What to do about blocks that failed, by the code that is recorded with them.
package func failureHint(_ code: String) -> String {
  switch code {
  case "chunk-damaged", "shard-damaged", "tiff-damaged", "chunk-missing":
    "restore the file from its source; where that is impossible, the voxels are lost: take the view out and submit anew"
  case "source-missing":
    "a block of the level below is recorded done and has no file; `blockfuse verify --repair` finds all such blocks"
  case "input-missing", "dataset-missing": "check that the disk of the inputs is mounted, and the path is right"
  case "input-changed": "an input is not what it was when the job was submitted; restore it, or submit anew"
  case "metadata-invalid", "json-invalid": "the metadata of an input cannot be used, as its message says; restore them"
  case "format-unsupported": "write the input again without what its message names"
  case "io-failed", "io": "check the disk, the mount and the permissions"
  case "out-of-memory": "run with fewer workers, or with less --memory for the cache"
  case "batch-failed": "the batch function left the block out or threw; see its message"
  default: "see the message; if it does not help, please report it"
  }
}
