import Foundation
import Testing

/// What `make install` puts where, and that shells and `man` take it.
@Suite struct InstallTests {
  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private static func has(_ program: String) -> Bool {
    ProcessInfo.processInfo.environment["PATH", default: ""].split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
  }

  private func shell(_ line: String, in folder: TestFolder, with shell: String = "bash") throws -> Finished {
    let (output, errors) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [shell, "-c", line]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ProcessInfo.processInfo.environment.merging([
      "BLOCKFUSE_DB": folder.file("jobs.sqlite"),
      "PATH": folder.file("usr/bin") + ":" + ProcessInfo.processInfo.environment["PATH", default: "/usr/bin:/bin"], "HOME": folder.path,
    ]) { $1 }
    (process.standardOutput, process.standardError, process.standardInput) = (output, errors, FileHandle.nullDevice)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Finished(status: process.terminationStatus, output: text, errors: complaints)
  }

  private func installed() throws -> TestFolder {
    let folder = try TestFolder()
    let end = try shell("'\(Self.repository)/scripts/install.sh' '\(Binaries.folder.path)' usr", in: folder)
    try #require(end.status == 0, "\(end.errors)")
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,16,16", "--chunk", "8,16,16")
    try #require(try folder.blockfuse("submit", dataset, "--output", "o.ome.zarr", "--name", "zebrafish").status == 0)
    return folder
  }

  @Test func theProgramRunsFromWhereItIsInstalled() throws {
    let folder = try installed()
    let end = try shell("blockfuse --version", in: folder)
    #expect(end.output.hasPrefix("blockfuse 0."))
    for file in [
      "man/man1/blockfuse.1", "bash-completion/completions/blockfuse", "zsh/site-functions/_blockfuse",
      "fish/vendor_completions.d/blockfuse.fish", "doc/blockfuse/LICENSE", "doc/blockfuse/CHANGELOG.md",
    ] {
      #expect(FileManager.default.fileExists(atPath: folder.file("usr/share/\(file)")), "\(file)")
    }
  }

  @Test func bashCompletes() throws {
    let folder = try installed()
    func complete(_ words: String, _ at: Int) throws -> [String] {
      let end = try shell(
        """
        source usr/share/bash-completion/completions/blockfuse
        COMP_WORDS=(\(words)); COMP_CWORD=\(at); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
        $(complete -p blockfuse | sed 's/.*-F \\([^ ]*\\).*/\\1/') blockfuse "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
        """, in: folder)
      return end.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    #expect(try complete("blockfuse sta", 1) == ["status"])
    #expect(try complete("blockfuse status z", 2).contains("zebrafish"))
    #expect(try complete("blockfuse submit --output-st", 2).contains("--output-stack-mode"))
    #expect(try complete("blockfuse submit --output-stack-mode u", 3) == ["union"])
    #expect(try complete("blockfuse submit --fusion-func max", 3) == ["max_fusion"])
  }

  @Test(.enabled(if: has("fish"), "fish is not installed")) func fishCompletes() throws {
    let folder = try installed()
    // values that the program is asked for come in a terminal only
    func complete(_ line: String) throws -> [String] {
      let end = try shell(
        "source usr/share/fish/vendor_completions.d/blockfuse.fish; complete -C '\(line)'", in: folder, with: "fish")
      #expect(end.errors == "")
      return end.output.split(separator: "\n").map { String($0.split(separator: "\t")[0]) }
    }
    #expect(try complete("blockfuse sta").contains("status"))
    #expect(try complete("blockfuse submit --output-stack-mode u") == ["union"])
  }

  @Test(.enabled(if: has("zsh"), "zsh is not installed")) func zshTakesItsCompletions() throws {
    let folder = try installed()
    let end = try shell(
      "fpath=(usr/share/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D; autoload +X -U _blockfuse && whence -w _blockfuse && print $_comps[blockfuse]",
      in: folder, with: "zsh")
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.output.contains("_blockfuse: function") && end.output.hasSuffix("_blockfuse\n"), "\(end.output)")
  }

  @Test(.enabled(if: has("docc"), "docc is not installed")) func theLibraryHasAReference() throws {
    let folder = try TestFolder()
    let end = try shell("'\(Self.repository)/scripts/docs.sh' '\(Binaries.folder.path)' \"$PWD/docs\"", in: folder)
    #expect(end.status == 0, "\(end.output)\(end.errors)")
    for page in ["fusionfunction", "weightsfunction", "runblockfuse(registry:)"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("docs/data/documentation/blockfusekit/\(page).json")), "\(page)")
    }
  }

  @Test func theManualNamesEveryCommandAndOption() throws {
    let folder = try installed()
    let page = try String(contentsOfFile: folder.file("usr/share/man/man1/blockfuse.1"), encoding: .utf8)
    for word in [".SS submit", ".SS run", ".SS collect", "\\-\\-output\\-chunksize", "\\-\\-memory", "BLOCKFUSE_DB", "130, 143"] {
      #expect(page.contains(word), "\(word)")
    }
    #expect(page.components(separatedBy: "\\-\\-output\\-chunksize <").count == 2)
  }

  @Test(.enabled(if: has("man"), "man is not installed")) func manTakesTheManual() throws {
    let folder = try installed()
    let end = try shell("MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l usr/share/man/man1/blockfuse.1 | cat", in: folder)
    #expect(end.status == 0)
    #expect(end.errors == "")
    #expect(end.output.contains("blockfuse run [<job>] [options]"), "\(end.output.prefix(3000))")
  }
}
