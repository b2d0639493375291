import Foundation
import JSON
import Testing
import Zarr

/// What the command line says of itself, and to those who mistype it.
@Suite struct CommandLineTests {
  /// What was typed, and a word that the answer must have; the exit status is that of a wrong command line.
  @Test(arguments: [
    ("statsu", "did you mean status?"), ("help statsu", "did you mean status?"), ("microscope", "the commands are fuse, plan"),
    ("status --jsn", "did you mean --json?"), ("submit x.json --ouput o", "did you mean --output?"),
    ("submit x.json --output o --chunksize 64", "did you mean --output-chunksize?"),
    ("submit x.json --output o --output_chunksize 64", "did you mean --output-chunksize?"),
    ("submit", "missing expected argument '<dataset>'"), ("run 1 2", "unexpected argument '2'"),
    ("run --memory 4Gib2", "a size such as 600MiB, 4GiB"),
    ("plan mosaic/dataset.json --fusion-func max_fuson", "did you mean \"max_fusion\"?"),
    ("plan mosaic/dataset.json --weights-func content-based", "did you mean \"content_based\"?"),
    ("plan mosaic/dataset.json --output-stack-mode unoin", "did you mean \"union\"?"),
    ("plan mosaic/dataset.json --output-dtype unit16", "did you mean \"uint16\"?"),
    ("plan mosaic/dataset.json --rounding neerest", "did you mean \"nearest\"?"),
    ("plan mosaic/dataset.json --transform-key registred", "did you mean \"registered\"?"),
    ("plan mosaic/dataset.json --views tile_0_O", "did you mean \"tile_0_0\"?"),
    ("plan mosaic/dataset.json --output-spacing q=1", "axes of space are z, y, x"),
    ("plan mosaic/dataset.json --zarr-options ngf_version=0.5", "did you mean \"zarr_options.ngff_version\"?"),
    ("plan mosaic/dataset.json --options wrong.json", "did you mean \"output_chunksize\"?"),
    ("blocks --state faild", "did you mean \"failed\"? there are done, empty, failed, pending, running"),
    ("blocks --block w=1", "axes are t, c, z, y, x"),
    ("preview -o p.png --axis q", "one of z, y, x"),
  ]) func whatWasMeant(typed: String, answer: String) throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,16,16", "--chunk", "8,16,16")
    try Data("{\"output_chunk\": 64}".utf8).write(to: URL(fileURLWithPath: folder.file("wrong.json")))
    if typed.hasPrefix("blocks") || typed.hasPrefix("preview") {
      try #require(try folder.blockfuse("submit", dataset, "--output", "o.ome.zarr").status == 0)
    }
    let end = try RunningProcess("blockfuse", typed.split(separator: " ").map(String.init), folder: folder.path).wait()
    #expect(end.status == 64)
    #expect(end.output == "")
    #expect(end.errors.hasPrefix("blockfuse: error: "), "\(end.errors)")
    #expect(end.errors.contains(answer), "\(end.errors)")
  }

  /// Whoever wants to be rid of something is not sent to a command that only looks like what was typed; and nobody is sent to
  /// one by which something is lost.
  @Test(arguments: ["rm", "del", "delete", "mv", "move", "drop", "remov", "prun", "restor", "remove-all", "help rm", "RM"])
  func aGuessNeverActs(typed: String) throws {
    let folder = try TestFolder()
    let end = try RunningProcess("blockfuse", typed.split(separator: " ").map(String.init), folder: folder.path).wait()
    #expect(end.status == 64)
    #expect(end.errors.contains("there is no command") && !end.errors.contains("did you mean"), "\(end.errors)")
    for command in ["run", "remove", "prune", "restore"] { #expect(!end.errors.contains(" \(command)"), "\(typed): \(end.errors)") }
  }

  /// What cannot be undone is never done to a job that nobody named.
  @Test(arguments: ["remove", "rename", "relocate", "export"]) func theJobIsNamed(command: String) throws {
    let folder = try TestFolder()
    let end = try folder.blockfuse(command)
    #expect(end.status == 64 && end.errors.contains("missing expected argument '<job>'"), "\(end.errors)")
  }

  @Test func namesOfJobs() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,16,16", "--chunk", "8,16,16")
    try #require(try folder.blockfuse("submit", dataset, "--output", "o.ome.zarr", "--name", "zebrafish").status == 0)
    let commands = [
      "status", "run", "blocks", "verify", "retry", "order", "collect", "report", "preview", "remove", "rename", "relocate", "export",
    ]
    for command in commands {
      let more =
        ["report": ["-o", "r.html"], "preview": ["-o", "p.png"], "rename": ["x"], "relocate": ["--output", "x"], "export": ["views"]][
          command]
        ?? []
      let end = try RunningProcess("blockfuse", [command, "zebrafsh"] + more, folder: folder.path).wait()
      #expect(end.status == 10)
      #expect(end.errors.contains("did you mean \"zebrafish\"?"), "\(end.errors)")
    }
    #expect(try folder.blockfuse("status", "7").errors.contains("blockfuse list"))
  }

  /// Every command explains itself, with an example that the program takes.
  @Test func examplesInTheHelp() throws {
    let folder = try TestFolder()
    let tree = try JSONValue.parse(folder.blockfuse("--experimental-dump-help").output)["command"]
    let commands = (tree?["subcommands"]?.array ?? []).compactMap { $0["commandName"]?.string }.filter { $0 != "help" }
    #expect(commands.count >= 18)
    for command in commands {
      let help = try folder.blockfuse(command, "--help")
      #expect(help.status == 0)
      let examples = help.output.matches(of: /(?:Example:|^)\s+(blockfuse [^\n]+)/.anchorsMatchLineEndings()).map { String($0.1) }
      #expect(!examples.isEmpty, "\(command) has no example")
      #expect(examples.contains { $0.hasPrefix("blockfuse \(command)") }, "\(command): \(examples)")
      for line in examples.joined(separator: " && ").components(separatedBy: " && ") where line.hasPrefix("blockfuse ") {
        let words = line.components(separatedBy: " > ")[0].split(separator: " ").dropFirst().map(String.init)
        let end = try RunningProcess("blockfuse", words, folder: folder.path).wait()
        #expect(!end.errors.contains("usage:"), "\(line)\n\(end.errors)")
      }
    }
  }

  @Test func quietSaysNothing() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,40,40", "--chunk", "8,40,40")
    for line in [
      "plan \(dataset)", "convert \(dataset) again.json", "submit \(dataset) --output a.ome.zarr", "run", "verify",
      "fuse \(dataset) --output b.ome.zarr", "resume", "preview -o p.png", "report -o r.html", "backup copy.sqlite",
    ] {
      let end = try RunningProcess("blockfuse", line.split(separator: " ").map(String.init) + ["--quiet"], folder: folder.path).wait()
      #expect(end.status == 0, "\(line)\n\(end.errors)")
      #expect(end.errors == "", "\(line)\n\(end.errors)")
    }
    // what is wrong is still said
    #expect(try folder.blockfuse("run", "nobody", "--quiet").errors.contains("there is no job nobody"))
  }

  @Test func blocksByAxis() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,40,40", "--chunk", "8,40,40")
    try #require(try folder.blockfuse("submit", dataset, "--output", "a.ome.zarr", "--output-chunksize", "16").status == 0)
    let named = try folder.blockfuse("blocks", "--block", "y=1,x=2", "--json")
    #expect(named.status == 0)
    #expect(named.output == (try folder.blockfuse("blocks", "--block", "0,0,0,1,2", "--json").output))
  }
}
