import BlockfuseKit
import Foundation

// The whole of blockfuse, with three functions more. Jobs that name them are run by this program.
var registry = FusionRegistry.builtin
do {
  try registry.register(MinimumFusion.self)
  try registry.register(BrightnessWeights.self)
  try registry.register(InTurn.self)
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
runBlockfuse(registry: registry)
