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
    abstract: "Fuses overlapping 3D views into one OME-Zarr, block by block, and never forgets what is done.",
    discussion: """
      Submit a job, run it, stop it or have it killed, and run it again: it goes on where it was.

        blockfuse fuse dataset.json --output fused.ome.zarr      # all in one, or step by step:

        blockfuse plan dataset.json                              # what it would be
        blockfuse submit dataset.json --output fused.ome.zarr    # checks, and records the job
        blockfuse run                                            # goes on until it is done
        blockfuse status                                         # how far it is

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
      CommandGroup(name: "Check and mend", subcommands: [VerifyCommand.self, RetryCommand.self, BackupCommand.self, RestoreCommand.self]),
      CommandGroup(
        name: "Many hosts",
        subcommands: [SlurmCommand.self, OrderCommand.self, WorkCommand.self, CollectCommand.self]),
    ])

  package init() {}
}
