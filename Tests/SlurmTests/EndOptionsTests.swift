import Slurm
import Testing

/// What the collecting end asks for: where tasks run, and little of it.
@Suite struct EndOptionsTests {
  private func end(_ options: String...) -> String {
    let setting = SlurmScript.Setting(program: "p", order: "/o", orderUUID: "12345678", job: 1, database: "/d", options: options)
    let arguments = SlurmScript(endAfter: ["7"], setting).arguments
    return arguments.drop { $0 != "--requeue" }.dropFirst().joined(separator: " ")
  }

  private let own = "--ntasks=1 --cpus-per-task=1 --time=30"

  @Test func whatTasksNeedIsLeftOut() {
    #expect(end() == own)
    #expect(
      end("--partition=big", "--account=a", "--cpus-per-task=32", "--mem=128G", "--time=12:00:00", "--gres=gpu:2", "--exclusive")
        == "\(own) --mem=2048M --partition=big --account=a")
    #expect(end("-c32", "-c", "32", "-n", "4", "-N2", "-p", "big", "--cpus=8", "--mail-type=END") == "\(own) -p big --mail-type=END")
    #expect(end("--exclude=n1", "--nodelist", "n2", "--nice=5") == "\(own) --exclude=n1 --nodelist n2 --nice=5")
  }

  @Test func nothingIsAskedForThatTasksDoNotHave() {
    #expect(end("--time=5") == "--ntasks=1 --cpus-per-task=1 --time=5")
    #expect(end("-t", "0-1") == own)
    #expect(
      end("--mem=900M") == "\(own) --mem=900M" && end("--mem=1G") == "\(own) --mem=1G" && end("--mem", "16000") == "\(own) --mem=2048M")
    // one CPU has the memory of one
    #expect(end("--mem-per-cpu=4G") == "\(own) --mem-per-cpu=4G")
  }
}
