import ArgumentParser
import Fusion
import Jobs
import Output
import Synchronization

/// The command line, `blockfuse`, with the fusion and weights functions of `registry`: a program of your own that calls
/// this has all commands, and its own functions in all of them.
public func runBlockfuse(registry: FusionRegistry = .builtin) -> Never {
  CommandSetup.set(registry)
  launch(Array(CommandLine.arguments.dropFirst()))
}

package struct Blockfuse: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "blockfuse",
    abstract: "Fuse overlapping 3D views into one OME-Zarr, block by block; resume after any interruption.",
    discussion: """
      A job that was stopped or killed continues where it stopped: give the same line again.

        blockfuse plan dataset.json                           # dry run: size, time
        blockfuse fuse dataset.json --output fused.ome.zarr   # fuse; or step by step:

        blockfuse submit dataset.json --output fused.ome.zarr # check, record the job
        blockfuse run                                         # run it, or continue
        blockfuse status                                      # show its progress

      The job database is blockfuse.sqlite in the current folder, unless --db or BLOCKFUSE_DB names another.
      """,
    version: "\(Program.versionWithLibraries), voxel revision \(Program.voxelRevision)",
    subcommands: [ManualCommand.self],
    groupedSubcommands: [
      CommandGroup(
        name: "Fuse",
        subcommands: [
          FuseCommand.self, PlanCommand.self, ConvertCommand.self, SubmitCommand.self, RunCommand.self, ResumeCommand.self,
        ]),
      CommandGroup(
        name: "Look",
        subcommands: [
          StatusCommand.self, ListCommand.self, BlocksCommand.self, PreviewCommand.self, ReportCommand.self,
          ServeCommand.self, ExportTIFFCommand.self,
        ]),
      CommandGroup(
        name: "Check and repair", subcommands: [VerifyCommand.self, RetryCommand.self, BackupCommand.self, RestoreCommand.self]),
      CommandGroup(
        name: "Keep in order",
        subcommands: [RenameCommand.self, RelocateCommand.self, ExportCommand.self, PruneCommand.self, RemoveCommand.self]),
      CommandGroup(
        name: "Many hosts",
        subcommands: [SlurmCommand.self, OrderCommand.self, WorkCommand.self, CollectCommand.self]),
    ])

  package init() {}
}
